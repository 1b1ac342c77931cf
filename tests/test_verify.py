"""Two models element by element, and where they begin to differ."""

from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tests.planted import model_of
from tests.surgery import channels_of
from tf1pruning.errors import ModelError, VerificationError
from tf1pruning.model.model import Model
from tf1pruning.tf1 import tf
from tf1pruning.verify import Difference, allowed_difference, compare, difference_of, random_inputs, run, verify
from tf1pruning.weights import with_values


@pytest.fixture(scope='module')
def model(tmp_path_factory: Any) -> Model:
    """A small network in inference form."""
    return channels_of(builders.save_network('expanded', tmp_path_factory.mktemp('verify'))).model


def changed(model: Model, name: str, factor: float) -> Model:
    """The model with one parameter multiplied."""
    return model.replace(weights=model.weights.replaced({name: model.value(name) * np.float32(factor)}))


def test_a_run_equals_plain_tensorflow(tmp_path: Any) -> None:
    """Outputs and inner tensors."""
    saved = builders.save_network('nested_se', tmp_path)
    feeds = plain.feeds_for(saved.inputs)
    model = channels_of(saved).model
    for tensors in (['output'], ['block/se/mul:0', 'output:0']):
        for found, reference in zip(run(model, feeds, tensors), plain.run_checkpoint(saved.prefix, tensors, feeds)):
            assert plain.relative(reference, found) <= 1e-6


def test_equal_models(model: Model) -> None:
    """No difference at all."""
    assert verify(model, model) == Difference(0.0, 0.0, 'output')


def test_a_difference_is_found_and_its_first_node_named(model: Model) -> None:
    """The convolution whose kernel changed, not the output."""
    with pytest.raises(VerificationError, match=r'output output differs.*first node.*block/project/Conv2D \(Conv2D\)'):
        verify(model, changed(model, 'block/project/kernel', 1.1))


def test_the_tolerance_decides(model: Model) -> None:
    """A tiny difference is measured; whether it counts depends."""
    other = changed(model, 'logits/kernel', 1 + 1e-4)
    measured = difference_of(model, other)
    assert 1e-6 < measured.relative < 1e-3
    assert verify(model, other, tolerance=1e-2).relative == measured.relative
    with pytest.raises(VerificationError):
        verify(model, other)


def test_small_differences_of_large_numbers(tmp_path: Any) -> None:
    """Two models may differ by what moving every weight by its last digit does to the outputs."""
    def build() -> None:
        x = tf.reshape(builders.image(), [-1, 192])
        kernels = [tf.get_variable(name, [192, 4]).value() for name in ('first', 'second')]
        tf.subtract(x @ kernels[0], x @ kernels[1], name='output')
    model = model_of(build, tmp_path)
    model = with_values(model, {'second': model.value('first') * np.float32(1 + 1e-4)})
    other, worse = (with_values(model, {'first': np.where(np.arange(4) == 1, model.value('first') * np.float32(
        1 + step), model.value('first'))}) for step in (1.2e-7, 1e-4))
    measured = verify(model, other, tolerance=None)
    assert 1e-5 < measured.relative <= allowed_difference(measured, model) < 0.1
    assert allowed_difference(measured._replace(relative=1e-6), model) == 1e-5
    for second, tolerance in ((other, 1e-5), (worse, None)):
        with pytest.raises(VerificationError, match='output output differs'):
            verify(model, second, tolerance=tolerance)


def test_a_nan_differs(model: Model) -> None:
    """Infinitely."""
    with pytest.raises(VerificationError, match='inf'):
        verify(model, changed(model, 'logits/bias', float('nan')))


@pytest.mark.parametrize(('first', 'second', 'relative', 'absolute'), [
    ([1.0, -4.0], [1.0, -4.0], 0.0, 0.0), ([1.0, -4.0], [1.0, -3.0], 0.25, 1.0), ([0.0, 0.0], [0.0, 0.0], 0.0, 0.0),
    ([1.0, np.nan], [1.0, np.nan], 0.0, 0.0), ([1.0, 2.0], [1.0, np.nan], np.inf, np.inf),
    ([1.0, np.inf], [1.0, np.inf], 0.0, 0.0), ([1.0, np.inf], [1.0, -np.inf], np.inf, np.inf),
    ([1.0], [1.0, 2.0], np.inf, np.inf), ([], [], 0.0, 0.0), ([1e-20, -4e-20], [1e-20, -3e-20], 0.25, 1e-20)])
@pytest.mark.filterwarnings('ignore:invalid value:RuntimeWarning')
def test_compare(first: 'list', second: 'list', relative: float, absolute: float) -> None:
    """Relative to the largest number; shapes and numbers that are not finite count as infinitely far."""
    found = compare([np.array(first)], [np.array(second)], ['x'])
    assert found.relative == pytest.approx(relative)
    assert found.absolute == pytest.approx(absolute)


def test_compare_names_the_worst_output() -> None:
    """Not the first, and not the one with the largest numbers."""
    found = compare([np.array([100.0]), np.array([1.0])], [np.array([100.1]), np.array([1.5])], ['a', 'b'])
    assert (found.output, found.relative, found.absolute) == ('b', pytest.approx(0.5), pytest.approx(0.5))


def test_integers_are_compared_as_numbers() -> None:
    """Unsigned ones do not wrap around."""
    found = compare([np.array([1], np.uint8)], [np.array([2], np.uint8)], ['x'])
    assert found.absolute == 1.0


def test_text_is_refused(tmp_path: Any) -> None:
    """In one line."""
    def build() -> None:
        x = tf.reduce_mean(builders.conv(builders.image(), 4, 'stem'), [1, 2])
        tf.gather(tf.constant(['a', 'b', 'c', 'd']), tf.argmax(x, -1), name='output')
    named = channels_of(builders.save_graph(build, tmp_path)).model
    with pytest.raises(ModelError, match='output output:0 is text'):
        run(named, random_inputs(named))


@pytest.mark.parametrize(('kind', 'found'), [(tf.uint8, range(256)), (tf.int64, range(2)), (tf.float16, [])])
def test_random_integers_are_not_all_zero(tmp_path: Any, kind: Any, found: Any) -> None:
    """Bytes are pixels; other integers may pick from a table of two."""
    def build() -> None:
        x = tf.cast(tf.placeholder(kind, [2, 8, 8, 3], 'image'), tf.float32)
        tf.identity(builders.conv(x, 4, 'stem'), 'output')
    drawn = random_inputs(channels_of(builders.save_graph(build, tmp_path)).model)['image:0']
    assert drawn.dtype == kind.as_numpy_dtype
    assert drawn.min() >= 0
    if found:
        assert set(drawn.ravel().tolist()) <= set(found)
        assert (drawn > max(found) // 2).mean() > 0.3
    else:
        assert 0 < drawn.max() <= 1


def test_random_inputs_are_the_same_every_time(model: Model) -> None:
    """In the placeholder's shape and type."""
    first, second = random_inputs(model), random_inputs(model)
    assert list(first) == ['image:0']
    assert first['image:0'].shape == builders.IMAGE
    assert first['image:0'].dtype == np.float32
    assert np.array_equal(first['image:0'], second['image:0'])
    assert not np.array_equal(first['image:0'], random_inputs(model, 8)['image:0'])


def test_inputs_of_a_wrong_shape(model: Model) -> None:
    """One line, not a traceback of TensorFlow's."""
    with pytest.raises(ModelError, match='cannot run the model'):
        run(model, {'image:0': np.zeros((1, 8, 8, 5), np.float32)})
