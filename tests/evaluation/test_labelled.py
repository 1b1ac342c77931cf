"""Labelled examples as a model takes them, or what is wrong with them."""

from typing import Any, Dict

import numpy as np
import pytest

from tests.train.data.written import write_mnist
from tf1pruning.calibration import Scaling, Wanted
from tf1pruning.errors import DataError, OptionError
from tf1pruning.evaluation import load_labelled

IMAGE = {'image:0': Wanted((1, 28, 28, 1), np.float32)}
FLAT = {'x:0': Wanted((1, 784), np.float32)}
TWO = {'a:0': Wanted((1, 2), np.float32), 'b:0': Wanted((1,), np.int32)}


def test_images_are_scaled_and_brought_to_the_inputs_shape(tmp_path: Any) -> None:
    images = write_mnist(tmp_path, 20)
    path = str(tmp_path / 't10k-images-idx3-ubyte.gz')
    found = load_labelled(path, IMAGE, scaling=Scaling((10.0,), (20.0,)))
    np.testing.assert_allclose(found.inputs['image:0'][..., 0], (images - 10.0) / 20, atol=1e-6)
    assert found.labels.dtype == np.int64
    flat = load_labelled(path, FLAT, 2)
    assert flat.size == 2
    np.testing.assert_allclose(flat.inputs['x:0'], images[::10].reshape(2, 784) / 255.0, atol=1e-6)


def test_arrays(tmp_path: Any) -> None:
    path = str(tmp_path / 'a.npz')
    np.savez(path, a=np.arange(8).reshape(4, 2), **{'b:0': np.arange(4), 'labels': np.array([[3], [2], [1], [0]])})
    found = load_labelled(path, TWO, 2)
    assert found.inputs['a:0'].tolist() == [[0, 1], [4, 5]]
    assert found.inputs['b:0'].tolist() == [0, 2]
    assert found.labels.tolist() == [3, 1]


@pytest.mark.parametrize(('arrays', 'message'), [
    ({}, 'has no array labels, with a whole number for each example; it has a, b'),
    ({'labels': np.arange(3)}, 'holds 4 examples for input a, but 3 labels'),
    ({'labels': np.arange(4.0)}, 'labels must be whole numbers, one for each example, not 4 of float64'),
    ({'labels': np.eye(4, dtype=int)}, 'labels must be whole numbers, one for each example, not 4 × 4 of int64'),
    ({'labels': np.array([0, -1, 0, 0])}, 'label -1 of example 1 is below 0'),
    ({'labels': np.arange(0)}, 'holds no examples'),
])
def test_labels_that_do_not_fit(tmp_path: Any, arrays: Dict[str, Any], message: str) -> None:
    path = str(tmp_path / 'a.npz')
    np.savez(path, a=np.zeros((4, 2)), b=np.zeros(4, int), **arrays)
    with pytest.raises(DataError, match=message):
        load_labelled(path, TWO)


def test_what_is_no_labelled_data(tmp_path: Any) -> None:
    with pytest.raises(DataError, match='no file or folder'):
        load_labelled(str(tmp_path / 'none'), IMAGE)
    np.save(str(tmp_path / 'a.npy'), np.zeros(3))
    with pytest.raises(DataError, match='has no labels'):
        load_labelled(str(tmp_path / 'a.npy'), IMAGE)
    with pytest.raises(OptionError, match='at least 1'):
        load_labelled(str(tmp_path / 'a.npy'), IMAGE, 0)
    with pytest.raises(OptionError, match='the model has 2 inputs'):
        load_labelled(str(tmp_path), TWO)
    with pytest.raises(DataError, match='no PNG, JPEG or TFRecord files'):
        load_labelled(str(tmp_path), IMAGE)
