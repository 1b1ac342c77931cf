"""Masks made by a graph are those that are made of arrays."""

from typing import Any, Optional

import numpy as np
import pytest

from tests.training.held import plainly
from tf1pruning.sparsity import global_masks, mask_of, parse_structure
from tf1pruning.tf1 import tf
from tf1pruning.training.graph_masks import global_masks_in_graph, mask_in_graph
from tf1pruning.weights import WeightTensor

CONVOLUTION = WeightTensor('kernel', (3, 2, 6, 5), 'Conv2D', 2, 3, ())
PRODUCT = WeightTensor('dense', (7, 4), 'MatMul', 0, 1, ())
STRUCTURES = ['unstructured', 'filter', 'channel', 'block:2,3', '2:4']


def _weights(tensor: WeightTensor) -> np.ndarray:
    """Many of them are equal; sums of some are exact."""
    return np.random.RandomState(0).randint(-8, 9, tensor.shape).astype(np.float32)


def _run(tensors: Any) -> Any:
    with tf.Session(config=plainly()) as session:
        return session.run(tensors)


@pytest.mark.parametrize('tensor', [CONVOLUTION, PRODUCT], ids=lambda tensor: tensor.name)
@pytest.mark.parametrize('structure', STRUCTURES)
@pytest.mark.parametrize('sparsity', [0.0, 0.3, 0.75, 0.999])
def test_of_one_tensor(tensor: WeightTensor, structure: str, sparsity: float) -> None:
    """Exactly as many, and the first of equal ones."""
    own: Optional[float] = None if structure == '2:4' else sparsity
    with tf.Graph().as_default():
        mask = _run(mask_in_graph(tf.constant(_weights(tensor)), parse_structure(structure),
                                  tf.constant(sparsity, tf.float64), tensor))
    assert mask.dtype == bool
    assert np.array_equal(mask, mask_of(_weights(tensor), structure, own, tensor))


@pytest.mark.parametrize('structure', STRUCTURES)
@pytest.mark.parametrize('sparsity', [0.0, 0.5, 0.99])
def test_of_tensors_that_compete(structure: str, sparsity: float) -> None:
    """One of them with much smaller weights."""
    weights = {'kernel': _weights(CONVOLUTION), 'dense': _weights(PRODUCT) / 64}
    tensors = {'kernel': CONVOLUTION, 'dense': PRODUCT}
    with tf.Graph().as_default():
        masks = _run(global_masks_in_graph([tf.constant(each) for each in weights.values()], parse_structure(structure),
                                           tf.constant(sparsity, tf.float64), list(tensors.values())))
    expected = global_masks(weights, structure, None if structure == '2:4' else sparsity, tensors)
    assert all(np.array_equal(mask, expected[name]) for name, mask in zip(tensors, masks))


def test_what_is_no_number_stays() -> None:
    """As in arrays."""
    weights = np.float32([[1, np.nan, 3, -np.inf]])
    tensor = PRODUCT._replace(shape=(1, 4))
    with tf.Graph().as_default():
        mask = _run(mask_in_graph(tf.constant(weights), parse_structure('unstructured'),
                                  tf.constant(0.5, tf.float64), tensor))
    assert mask.tolist() == mask_of(weights, 'unstructured', 0.5, tensor).tolist() == [[False, True, False, True]]
