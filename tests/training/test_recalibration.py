"""Moving statistics become those of the batches, exactly; everything else stays."""

from typing import Any, Dict, Iterator, List

import numpy as np
import pytest

from tests.builders import IMAGE, Dialect, conv, image, mobilenet, save_graph, save_network, save_training
from tests.plain import new_session, values_of
from tests.surgery import channels_of, load
from tf1pruning.choice import choose
from tf1pruning.errors import ModelError, NameNotFoundError, OptionError
from tf1pruning.model.checkpoint import save_checkpoint
from tf1pruning.model.frozen import load_frozen, save_frozen
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf
from tf1pruning.training import batches_of, recalibrate
from tf1pruning.verify import run

SIZES = (4, 4, 3)


def batches(first: bool = False) -> Iterator[Dict[str, np.ndarray]]:
    """Batches of images, the last one smaller, each brighter than the one before."""
    random = np.random.RandomState(5)
    for number, size in enumerate(SIZES):
        images = random.uniform(number, number + 1, (size,) + IMAGE[1:]).astype(np.float32)
        yield {'image': images.transpose(0, 3, 1, 2) if first else images}


def statistics(model: Model) -> Dict[str, np.ndarray]:
    """Moving means and variances by name."""
    return {name: model.value(name) for name in model.weights if 'moving_' in name}


def by_hand(prefix: str) -> Dict[str, np.ndarray]:
    """Runs the training graph on every batch, and takes moments of all that each batch norm has read."""
    with tf.Graph().as_default() as graph, new_session() as session:
        tf.train.import_meta_graph(prefix + '.meta').restore(session, prefix)
        read = {op.name.rsplit('/', 1)[0]: op.inputs[0] for op in graph.get_operations() if op.type in (
            'FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3')}
        seen = [session.run(read, {'image:0': each['image']}) for each in batches()]
    found = {}
    for name in read:
        rows = np.concatenate([each[name].reshape(-1, each[name].shape[-1]) for each in seen]).astype(np.float64)
        found.update({name + '/moving_mean': rows.mean(0), name + '/moving_variance': rows.var(0)})
    return found


@pytest.mark.parametrize('resource', [False, True], ids=['ref', 'resource'])
def test_a_training_graph(tmp_path: Any, resource: bool) -> None:
    """Statistics are those by hand; weights and slots of the written checkpoint are untouched."""
    saved = save_training(tmp_path, use_resource=resource)
    expected = by_hand(saved.prefix)
    assert len(expected) == 10
    (tmp_path / 'new').mkdir()
    prefix = save_checkpoint(recalibrate(load(saved), batches()), str(tmp_path / 'new'))
    before, after = values_of(saved.prefix), values_of(prefix)
    assert set(after) == set(before)
    for name, value in after.items():
        if name in expected:
            np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=1e-5, err_msg=name)
            assert np.abs(value - before[name]).max() > 1e-2
        else:
            np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize('name', ['mobilenet_v2', 'resource', 'nested_se', 'without_gamma', 'unfused',
                                  'unfused_without_gamma'])
def test_an_inference_graph(tmp_path: Any, name: str) -> None:
    """The moments of a first layer by hand; and those of all layers are the fixed point: again changes nothing."""
    model = load(save_network(name, tmp_path))
    found = statistics(recalibrate(model, batches()))
    assert len(found) >= 6
    images = np.concatenate([each['image'] for each in batches()])
    with tf.Graph().as_default(), new_session() as session:
        made = session.run(tf.nn.conv2d(images, model.value('stem/kernel'), 2, 'SAME')).reshape(-1, 8)
    np.testing.assert_allclose(found['stem/bn/moving_mean'], made.mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found['stem/bn/moving_variance'], made.var(0), rtol=1e-4)
    again = statistics(recalibrate(recalibrate(model, batches()), batches()))
    for key, value in found.items():
        np.testing.assert_array_equal(again[key], value)
        assert not np.array_equal(value, model.value(key))


def test_spellings_agree(tmp_path: Any) -> None:
    """Fused, unfused, NCHW and frozen: the same weights, the same statistics in all layers."""
    found: List[Dict[str, np.ndarray]] = []
    for number, dialect in enumerate((Dialect(), Dialect(norm='unfused'), Dialect(data_format='NCHW'))):
        folder = tmp_path / str(number)
        folder.mkdir()
        saved = save_graph(lambda dialect=dialect: mobilenet(dialect), folder)  # type: ignore[misc]
        first = dialect.data_format == 'NCHW'
        model = load(saved._replace(inputs={'image': (2, 3, 8, 8) if first else IMAGE}))
        found.append(statistics(recalibrate(model, batches(first))))
    path = save_frozen(to_inference(load(save_network('mobilenet_v2', tmp_path))), str(tmp_path / 'model.pb'))
    frozen = recalibrate(load_frozen(path, ('output',)), batches())
    found.append({name: frozen.value(name) for name in found[0]})
    for other in found[1:]:
        for name, value in found[0].items():
            np.testing.assert_allclose(other[name], value, rtol=2e-4, atol=1e-5, err_msg=name)


def drift(model: Model) -> List[float]:
    """How far the mean output of every batch norm is from its β, on all images together."""
    images = np.concatenate([each['image'] for each in batches()])
    norms = [name for name, node in model.view.nodes.items() if node.op.startswith('FusedBatchNorm')]
    offsets = [model.value(model.view.source(model.view.inputs[name][2]).node) for name in norms]
    return [float(np.abs(output.mean((0, 1, 2)) - offset).max())
            for output, offset in zip(run(model, {'image:0': images}, norms), offsets)]


def test_after_strip(tmp_path: Any) -> None:
    """Where filters that mattered were cut, the mean output of every batch norm is nearer to its β again."""
    saved = save_network('residual_stage', tmp_path)
    channels = channels_of(saved)
    plan = choose(channels, channels.groups, Amount(ratio=0.5, align=2), 'l1')
    stripped = strip(soft_prune(channels.model, channels, plan), channels, plan)
    model = recalibrate(stripped, batches())
    assert {name: value.shape for name, value in statistics(model).items()} == {
        name: value.shape for name, value in statistics(stripped).items()}
    before, after = drift(stripped), drift(model)
    assert after[0] < 1e-4 < before[0]
    assert all(new < 0.5 * old for old, new in zip(before, after))


def test_a_shared_batch_norm_sees_all_its_uses(tmp_path: Any) -> None:
    """Two towers through one batch norm: the statistics are those of both."""
    def build() -> None:
        images = tf.placeholder(tf.float32, [None, 8, 8, 3], 'image')
        scale, offset = tf.get_variable('gamma', initializer=tf.ones(3)), tf.get_variable('beta', [3])
        mean = tf.get_variable('moving_mean', [3], trainable=False)
        variance = tf.get_variable('moving_variance', initializer=tf.ones(3), trainable=False)
        towers = [tf.nn.fused_batch_norm(each, scale, offset, mean, variance, is_training=False)[0]
                  for each in (images, 5 * images)]
        tf.add_n(towers, name='output')
    model = load(save_graph(build, tmp_path))
    found = statistics(recalibrate(model, batches()))
    images = np.concatenate([each['image'] for each in batches()]).reshape(-1, 3)
    rows = np.concatenate([images, 5 * images])
    np.testing.assert_allclose(found['moving_mean'], rows.mean(0), rtol=1e-4)
    np.testing.assert_allclose(found['moving_variance'], rows.var(0), rtol=1e-4)


def test_statistics_that_are_not_understood_are_named(tmp_path: Any, caplog: Any) -> None:
    """A normalisation spelled in a way of its own is left as it is, and told of."""
    def build() -> None:
        x = conv(image(), 8, 'stem')
        mean, variance = [tf.get_variable('own/' + name, [8], trainable=False) for name in ('mean', 'variance')]
        tf.identity((x - mean) / tf.sqrt(variance ** 2 + 1), 'output')
    model = load(save_graph(build, tmp_path))
    recalibrated = recalibrate(model, batches())
    assert '2 variables' in caplog.text
    assert 'own/mean, own/variance' in caplog.text
    np.testing.assert_array_equal(recalibrated.value('own/mean'), model.value('own/mean'))
    assert not np.array_equal(recalibrated.value('stem/bn/moving_mean'), model.value('stem/bn/moving_mean'))


@pytest.mark.parametrize('structure', ['tensor', 'pair', 'dictionary'])
def test_batches_of_an_input_fn(structure: str) -> None:
    """Features alone, with labels, and by name; no more batches than asked for, or than there are."""
    images = np.arange(20, dtype=np.float32).reshape(10, 2)

    def input_fn() -> tf.data.Dataset:
        elements = {'tensor': images, 'pair': (images, np.arange(10)), 'dictionary': ({'image': images}, np.arange(10))}
        return tf.data.Dataset.from_tensor_slices(elements[structure]).batch(4)
    found = list(batches_of(input_fn, ('image',), 2))
    np.testing.assert_array_equal(np.concatenate([each['image'] for each in found]), images[:8])
    assert [len(each['image']) for each in batches_of(input_fn, ('image',), 9)] == [4, 4, 2]


def _model(name: str, folder: Any) -> Model:
    return load(save_network(name, folder))


@pytest.mark.parametrize(('network', 'values', 'error', 'match'), [
    ('without_norm', [], OptionError, 'no batch norm'),
    ('mobilenet_v2', [], OptionError, 'no batches'),
    ('mobilenet_v2', [{'imgae': np.zeros(IMAGE)}], NameNotFoundError, 'closest: image'),
    ('mobilenet_v2', [{'image': np.zeros((2, 8, 8, 1))}], ModelError, 'on a batch'),
], ids=['no norm', 'no batches', 'name', 'shape'])
def test_mistakes(tmp_path: Any, network: str, values: Any, error: Any, match: str) -> None:
    """Models and batches that cannot be."""
    with pytest.raises(error, match=match):
        recalibrate(_model(network, tmp_path), values)
