"""Models in packed files: what comes out is what went in, and plain TensorFlow works with it."""

import os
from typing import Any, Dict, Tuple

import numpy as np
import pytest

from tests.builders import NETWORKS, Saved, save_graph, save_network, save_training, training_feeds
from tests.plain import (
    change_values,
    collections_of,
    feeds_for,
    initialise_and_resave,
    new_session,
    run_checkpoint,
    run_frozen,
    train_step,
    values_of,
)
from tf1pruning.errors import ModelError, OutputError, UnsupportedError
from tf1pruning.graph.view import GraphView
from tf1pruning.model.checkpoint import load_checkpoint, read_meta_graph
from tf1pruning.model.frozen import load_frozen, save_frozen
from tf1pruning.model.model import Model
from tf1pruning.model.values import Held
from tf1pruning.packing import Packing, opened, pack, unpack, writing
from tf1pruning.packing import tensors as packed_tensors
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf
from tf1pruning.weights import with_values


def load(saved: Saved) -> Model:
    return to_inference(load_checkpoint(saved.prefix, saved.outputs, feeds=saved.feeds))


def there_and_back(model: Model, folder: Any, training: bool = False) -> Tuple[str, Packing]:
    """Packs, unpacks, and returns the result with the report, which has every byte of the file."""
    path, result = str(folder / 'model.tfp'), str(folder / 'back')
    packing = pack(model, path, training)
    assert packing.total == os.path.getsize(path)
    os.mkdir(result)
    with opened(path) as packed:
        return unpack(packed, result), packing


def same_bits(first: Dict[str, np.ndarray], second: Dict[str, np.ndarray]) -> None:
    assert sorted(first) == sorted(second)
    for name, value in first.items():
        assert (value.dtype, value.shape) == (second[name].dtype, second[name].shape)
        assert value.tobytes() == second[name].tobytes()


@pytest.mark.parametrize('name', ['nested_se', 'resource', 'partitioned', 'unfused', 'flattened_by_shape', 'wide'])
def test_a_checkpoint(name: str, tmp_path: Any) -> None:
    """It imports, restores, runs, initialises and saves."""
    saved = save_network(name, tmp_path)
    back, _ = there_and_back(load(saved), tmp_path)
    same_bits(values_of(saved.prefix), values_of(back))
    feeds = feeds_for(saved.inputs)
    assert np.array_equal(*(run_checkpoint(prefix, ['output'], feeds)[0] for prefix in (saved.prefix, back)))
    assert collections_of(back) == collections_of(saved.prefix)
    again, _ = initialise_and_resave(back, str(tmp_path))
    assert {key: value.shape for key, value in again.items()} == {
        key: value.shape for key, value in values_of(saved.prefix).items()}


def test_the_forward_part_of_a_training_graph(tmp_path: Any) -> None:
    """Without its optimizer; its variables are still trainable."""
    saved = save_training(tmp_path, flag='placeholder', dropout=True)
    back, packing = there_and_back(load(saved), tmp_path)
    assert not any('Adam' in tensor.name for tensor in packing.tensors)
    assert collections_of(back).trainable == collections_of(saved.prefix).trainable
    feeds = feeds_for(saved.inputs)
    before = run_checkpoint(saved.prefix, ['output'], {**feeds, **{name + ':0': value for name, value
                                                                   in saved.feeds.items()}})
    assert np.allclose(before[0], run_checkpoint(back, ['output'], feeds)[0], atol=1e-6)


def test_a_whole_training_checkpoint(tmp_path: Any) -> None:
    """Everything is there, to the last bit: training goes on as it would have."""
    saved = save_training(tmp_path)
    back, packing = there_and_back(load_checkpoint(saved.prefix), tmp_path, True)
    assert any('Adam' in tensor.name for tensor in packing.tensors)
    same_bits(values_of(saved.prefix), values_of(back))
    assert read_meta_graph(back + '.meta') == read_meta_graph(saved.prefix + '.meta')
    for folder in ('one', 'two'):
        (tmp_path / folder).mkdir()
    first, second = (train_step(prefix, training_feeds(3), str(tmp_path / folder))
                     for prefix, folder in ((saved.prefix, 'one'), (back, 'two')))
    assert first[0] == second[0]


def test_a_frozen_graph(tmp_path: Any) -> None:
    saved = save_network('nested_se', tmp_path)
    path = save_frozen(load(saved), str(tmp_path / 'net.pb'))
    model = to_inference(load_frozen(path, ('output',)))
    back, packing = there_and_back(model, tmp_path)
    assert os.path.basename(back) == 'net.pb'
    feeds = feeds_for(saved.inputs)
    assert np.array_equal(run_frozen(path, ['output'], feeds)[0], run_frozen(back, ['output'], feeds)[0])
    assert {tensor.name for tensor in packing.tensors} <= set(model.view.nodes)
    again = load_frozen(back, ('output',))
    assert all(np.array_equal(model.value(tensor.name), again.value(tensor.name)) for tensor in packing.tensors)


def _odd_types() -> tf.Tensor:
    """Variables of many types and shapes, added up into the output."""
    x = tf.placeholder(tf.float32, [None, 3], 'image')
    total = tf.zeros([])
    for number, (dtype, shape) in enumerate([
            (tf.float16, [5]), (tf.bfloat16, [4, 2]), (tf.float64, [2, 1, 3]), (tf.int8, [7]), (tf.uint8, [3, 3]),
            (tf.int32, []), (tf.int64, [2]), (tf.bool, [9]), (tf.complex64, [2]), (tf.complex128, [3]),
            (tf.float32, [0, 4]), (tf.float32, [3, 0]), (tf.float32, []), (tf.uint16, [5])]):
        variable = tf.get_variable('v%d' % number, shape, dtype, tf.zeros_initializer())
        total += tf.cast(tf.raw_ops.Size(input=variable), tf.float32)
    return tf.identity(tf.reduce_sum(x, 1) + total, 'output')


def test_types_shapes_and_special_numbers(tmp_path: Any) -> None:
    """Scalars, empty tensors, NaN, −0.0."""
    with tf.Graph().as_default(), new_session() as session:
        _odd_types()
        session.run(tf.global_variables_initializer())
        random = np.random.RandomState(2)
        for variable in tf.global_variables():
            value = random.randint(-3, 4, variable.shape.as_list()).astype(variable.dtype.as_numpy_dtype)
            if variable.dtype.base_dtype == tf.float64:
                value[0] = np.nan, -0.0, np.inf
            session.run(variable.initializer, {variable.initializer.inputs[1]: value})
        prefix = tf.train.Saver().save(session, str(tmp_path / 'odd.ckpt'))
    back, packing = there_and_back(to_inference(load_checkpoint(prefix, ['output'])), tmp_path)
    same_bits(values_of(prefix), values_of(back))
    assert len(packing.tensors) == 14


def test_zeros_with_a_sign_are_not_lost(tmp_path: Any) -> None:
    saved = save_network('nested_se', tmp_path)
    change_values(saved.prefix, lambda name, value: np.where(np.abs(value) < 0.2, value * 0, value))
    back, _ = there_and_back(load(saved), tmp_path)
    same_bits(values_of(saved.prefix), values_of(back))
    assert any(np.signbit(value[value == 0]).any() for value in values_of(back).values())


def test_large_tensors_go_in_pieces(tmp_path: Any, monkeypatch: Any) -> None:
    """Rows that are longer than a piece, and pieces that hold many rows."""
    monkeypatch.setattr(packed_tensors, 'RUN_BYTES', 256)
    saved = save_network('wide', tmp_path)
    back, packing = there_and_back(load(saved), tmp_path)
    same_bits(values_of(saved.prefix), values_of(back))
    assert max(tensor.before for tensor in packing.tensors) > 2048


def test_pruned_and_shared_weights_become_small(tmp_path: Any) -> None:
    """The account says of what: a tenth stays, of eight values."""
    saved = save_network('wide', tmp_path)
    model = load(saved)
    name = max(model.weights, key=lambda each: model.weights.lazy(each).size)
    random, shape = np.random.RandomState(0), model.weights.lazy(name).shape
    shared = np.where(random.uniform(size=shape) < 0.1, random.choice(np.arange(1, 9), shape), 0).astype(np.float32)
    packing = pack(with_values(model, {name: shared}), str(tmp_path / 'model.tfp'))
    tensor = {each.name: each for each in packing.tensors}[name]
    kept = np.count_nonzero(shared)
    assert tensor.account['values'] < kept * 3 / 8 + 20
    assert tensor.account['codebook'] == 32
    assert tensor.account['indices'] < 1.05 * 0.469 * shared.size / 8 + 20
    assert tensor.as_json()['ratio'] > 30


def test_texts_are_refused(tmp_path: Any) -> None:
    def build() -> tf.Tensor:
        x = tf.placeholder(tf.float32, [None, 3], 'image')
        words = tf.get_variable('words', initializer=tf.constant(['a', 'b']))
        with tf.control_dependencies([words.initializer]):
            return tf.identity(tf.layers.dense(x, 2), 'output')
    with tf.Graph().as_default(), new_session() as session:
        build()
        session.run(tf.global_variables_initializer())
        prefix = tf.train.Saver().save(session, str(tmp_path / 'model.ckpt'))
    with pytest.raises(UnsupportedError, match='words holds texts'):
        pack(load_checkpoint(prefix), str(tmp_path / 'model.tfp'), training=True)
    assert not os.path.exists(str(tmp_path / 'model.tfp'))


def test_a_model_without_weights(tmp_path: Any) -> None:
    saved = save_graph(lambda: tf.identity(tf.layers.dense(tf.placeholder(tf.float32, [1, 2], 'image'), 2), 'output'),
                       tmp_path)
    model = load_checkpoint(saved.prefix, ['image'])
    with pytest.raises(ModelError, match='nothing to pack'):
        pack(to_inference(model), str(tmp_path / 'model.tfp'))


def test_what_was_not_written_right_is_not_delivered(tmp_path: Any, monkeypatch: Any) -> None:
    """A tensor that comes out differently, as bad memory would make it."""
    model = load(save_network('nested_se', tmp_path))
    write = writing.write_tensor
    monkeypatch.setattr(writing, 'write_tensor', lambda writer, name, value: write(
        writer, name, Held(value.array() + (name == 'stem/kernel'))))
    with pytest.raises(OutputError, match='tensor stem/kernel is another'):
        pack(model, str(tmp_path / 'model.tfp'))
    assert not os.path.exists(str(tmp_path / 'model.tfp'))


def test_the_graph_is_bare(tmp_path: Any) -> None:
    """Neither initial values nor savers are in the file, and no attribute that has its default."""
    saved = save_network('nested_se', tmp_path)
    _, packing = there_and_back(load(saved), tmp_path)
    with opened(str(tmp_path / 'model.tfp')) as packed:
        view = GraphView(packed.contents.meta.graph_def)
    assert 'save/SaveV2' not in view
    assert not any('nitializer' in name for name in view.nodes)
    assert packing.graph < 0.4 * packing.total
    assert all('data_format' not in node.attr for node in view.nodes.values())


@pytest.mark.parametrize('name', sorted(NETWORKS))
@pytest.mark.slow
def test_every_network(name: str, tmp_path: Any) -> None:
    saved = save_network(name, tmp_path)
    back, _ = there_and_back(load(saved), tmp_path)
    same_bits(values_of(saved.prefix), values_of(back))
    feeds = feeds_for(saved.inputs)
    assert np.array_equal(*(run_checkpoint(prefix, ['output'], feeds)[0] for prefix in (saved.prefix, back)))
