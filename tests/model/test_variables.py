"""Keys, parts and companions of variables."""

from typing import Any, Optional, Tuple

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import load
from tf1pruning.errors import ModelError
from tf1pruning.graph.constants import array_of, set_constant
from tf1pruning.model.slices import Slice, format_slice, parse_slice
from tf1pruning.tf1 import tf


@pytest.mark.parametrize(('text', 'part', 'shape'), [
    ('', None, (4, 8)), ('4 16 0,4:8,8', Slice((4, 16), (0, 8)), (4, 8)),
    ('4 16 -:8,8', Slice((4, 16), (0, 8)), (4, 8))])
def test_slices(text: str, part: Optional[Slice], shape: Tuple[int, ...]) -> None:
    """Both of TensorFlow's spellings are read; the short one is written."""
    assert parse_slice(text) == part
    assert parse_slice(format_slice(part, shape)) == part


def test_slices_are_written_as_tensorflow_reads_them() -> None:
    """`-` for a whole axis."""
    assert format_slice(Slice((4, 16), (0, 8)), (4, 8)) == '4 16 -:8,8'


@pytest.mark.parametrize('use_resource', [False, True], ids=['ref', 'resource'])
@pytest.mark.parametrize('optimizer', sorted(builders.OPTIMIZERS))
def test_slots_are_found_by_their_edges(tmp_path: Any, optimizer: str, use_resource: bool) -> None:
    """Every slot of every trainable variable, and only those; Adagrad's are not zeroed."""
    model = load(builders.save_training(tmp_path, optimizer, use_resource=use_resource))
    suffixes = builders.SLOTS[optimizer]
    for name, variable in model.variables.items():
        found = {companion.node: companion.zeroed for companion in model.companions.get(name, ())}
        expected = {'%s/%s' % (name, suffix): optimizer != 'adagrad' for suffix in suffixes}
        assert found == (expected if variable.trainable else {})


def test_moving_averages_are_companions(tmp_path: Any) -> None:
    """Beside the slots."""
    model = load(builders.save_training(tmp_path, 'momentum', average=True))
    assert {companion.node for companion in model.companions['stem/kernel']} == {
        'stem/kernel/Momentum', 'stem/kernel/ExponentialMovingAverage'}
    assert 'stem/bn/moving_mean' not in model.companions


def test_trainable_is_what_the_collection_says(tmp_path: Any) -> None:
    """Statistics are not."""
    model = load(builders.save_network('expanded', tmp_path))
    assert model.variables['stem/kernel'].trainable
    assert not model.variables['stem/bn/moving_mean'].trainable
    assert model.variables['stem/kernel'].shape == (3, 3, 3, 8)


def test_a_variable_of_unknown_shape_is_left_out(tmp_path: Any) -> None:
    """It cannot be cut, and does not disturb."""
    def build() -> None:
        builders.NETWORKS['expanded']()
        tf.Variable(tf.placeholder_with_default([1.0, 2.0], [None]), validate_shape=False, name='odd')

    def odd_free() -> Any:
        return tf.train.Saver([each for each in tf.global_variables() if each.op.name != 'odd'])

    with tf.Graph().as_default(), plain.new_session() as session:
        build()
        session.run(tf.global_variables_initializer())
        prefix = odd_free().save(session, str(tmp_path / 'model.ckpt'))
    model = load(builders.Saved(prefix, {'image': builders.IMAGE}, {}))
    assert 'odd' not in model.variables
    assert 'stem/kernel' in model.variables


@pytest.mark.parametrize('swapped', [False, True], ids=['renamed', 'averages'])
def test_keys_are_those_of_the_saver_that_saved(tmp_path: Any, swapped: bool) -> None:
    """Another saver, made earlier to restore other names or moving averages, does not count."""
    def build() -> None:
        builders.NETWORKS['expanded']()
        average = tf.train.ExponentialMovingAverage(0.9)
        average.apply(tf.trainable_variables())
        tf.train.Saver(average.variables_to_restore() if swapped else {
            'old/' + variable.op.name: variable for variable in tf.trainable_variables()})

    saved = builders.save_graph(build, tmp_path)
    model = load(saved)
    values = plain.values_of(saved.prefix)
    assert sorted(variable.key for variable in model.variables.values()) == sorted(values)
    for name in ('stem/kernel', 'stem/kernel/ExponentialMovingAverage'):
        assert (model.value(name) == values[name]).all()


def test_a_variable_whose_name_another_one_is_saved_by(tmp_path: Any) -> None:
    """A saver of moving averages: what is under the average's name is the variable; the average is not in the file."""
    def build() -> None:
        builders.NETWORKS['expanded']()
        tf.train.ExponentialMovingAverage(0.9).apply(tf.trainable_variables())

    def saver() -> tf.train.Saver:
        kernel, average = (next(variable for variable in tf.global_variables() if variable.op.name == name)
                           for name in ('stem/kernel', 'stem/kernel/ExponentialMovingAverage'))
        return tf.train.Saver({average.op.name: kernel})

    model = load(builders.save_graph(build, tmp_path, saver=saver))
    assert model.variables['stem/kernel'].key == 'stem/kernel/ExponentialMovingAverage'
    assert 'stem/kernel' in model.weights
    assert 'stem/kernel/ExponentialMovingAverage' not in model.weights


@pytest.mark.parametrize(('part', 'content', 'message'), [
    ('tensor_names', b'stem/\xdf', 'holds no names'), ('tensor_names', 3, 'holds no names'),
    ('shape_and_slices', b'1 2 x', "slice '1 2 x', which is none")])
def test_a_saver_that_says_what_cannot_be(tmp_path: Any, part: str, content: Any, message: str) -> None:
    """The node that says it is named."""
    saved = builders.save_network('nested_se', tmp_path)
    meta = tf.MetaGraphDef.FromString((tmp_path / 'model.ckpt.meta').read_bytes())
    node = next(node for node in meta.graph_def.node if node.name == 'save/SaveV2/' + part)
    kind = object if isinstance(content, bytes) else np.int32
    set_constant(node, np.full(array_of(node).shape, content, kind))
    (tmp_path / 'model.ckpt.meta').write_bytes(meta.SerializeToString())
    with pytest.raises(ModelError, match=message):
        load(saved)
