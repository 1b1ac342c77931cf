"""Every format: the same numbers as the checkpoint, counted from the file, certified; or nothing at all."""

import hashlib
import json
import os
from typing import Any, Dict

import numpy as np
import pytest

from tests import builders, plain
from tests.exports import models
from tf1pruning.cost import count_cost
from tf1pruning.errors import ModelError, VerificationError
from tf1pruning.exports.certificate import CERTIFICATE
from tf1pruning.exports.delivery import Order, Source, deliver
from tf1pruning.exports.folded import folded
from tf1pruning.exports.formats import FORMATS, Settings, chosen_formats
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.runtimes import open_runtime
from tf1pruning.tf1 import tf

FLOATS = ('pb', 'saved_model', 'onnx', 'tflite')


@pytest.fixture(scope='module')
def shipped(tmp_path_factory: Any) -> str:
    """A network with gates, in every format, beside one that is larger."""
    folder = str(tmp_path_factory.mktemp('shipped'))
    model = models.model_of('nested_se', tmp_path_factory.mktemp('model'))
    original = models.model_of('mobilenet_v2', tmp_path_factory.mktemp('original'))
    deliver(Source(model, 'small.pb'), Order(list(FORMATS), Settings(models.examples())), folder,
            Source(original, 'large.pb'), {'groups': []})
    return folder


def entries(folder: str) -> Dict[str, Any]:
    with open(os.path.join(folder, CERTIFICATE)) as stream:
        return {each['format']: each for each in json.load(stream)['files']}


@pytest.mark.slow
def test_every_format_agrees_with_the_checkpoint(shipped: str, tmp_path: Any) -> None:
    """Run again here, on other inputs than the gate's."""
    saved = builders.save_network('nested_se', tmp_path)
    feeds = plain.feeds_for({'image': (2, *builders.IMAGE[1:])}, seed=11)
    expected = plain.run_checkpoint(saved.prefix, ['output'], feeds)[0]
    for name, entry in entries(shipped).items():
        with open_runtime(os.path.join(shipped, entry['path']), outputs=['output']) as runtime:
            found = runtime.run_named(feeds, ['output'])[0]
        assert found.dtype == np.float32
        assert plain.relative(expected, found) < (1e-5 if name in FLOATS else 2 * FORMATS[name].bound), name
        assert 0 < entry['difference']['relative'] <= entry['bound'] or name in FLOATS
        assert entry['within']


@pytest.mark.slow
def test_counts_are_those_of_the_files(shipped: str, tmp_path: Any) -> None:
    model = models.model_of('nested_se', tmp_path)
    shrunk = folded(model)
    macs = count_cost(shrunk).macs
    constants = [tf.make_ndarray(node.attr['value'].tensor) for node in frozen_graph(shrunk).node if node.op == 'Const']
    parameters = sum(value.size for value in constants if value.dtype == np.float32 and value.ndim)
    found = entries(shipped)
    for name, entry in found.items():
        assert (entry['macs'], entry['parameters']) == (macs, parameters), name
        path = os.path.join(shipped, entry['path'])
        path = os.path.join(path, 'saved_model.pb') if os.path.isdir(path) else path
        with open(path, 'rb') as stream:
            content = stream.read()
        assert (entry['bytes'], entry['sha256']) == (len(content), hashlib.sha256(content).hexdigest())
    assert found['tflite_int8']['bytes'] < found['tflite']['bytes']
    assert found['tflite_float16']['operations'] > found['tflite']['operations']  # it dequantises first


@pytest.mark.slow
def test_the_certificate_says_what_fell(shipped: str) -> None:
    with open(os.path.join(shipped, CERTIFICATE)) as stream:
        certificate = json.load(stream)
    assert (certificate['model'], certificate['original'], certificate['plan']) == (
        'small.pb', 'large.pb', {'groups': []})
    assert certificate['fell'] == {name: all(each[name] < each['before'][name] for each in certificate['files'])
                                   for name in ('macs', 'bytes', 'operations')}
    words = certificate['statement']
    for name, word in (('macs', 'MACs'), ('bytes', 'bytes'), ('operations', 'operations')):
        assert ('%s fell' % word in words) == certificate['fell'][name] or 'all fell' in words
    assert {'tensorflow', 'onnx', 'tf2onnx', 'onnxruntime'} <= set(certificate['versions'])


def _identical(folder: Any, name: str, order: Order) -> Dict[str, Any]:
    model = models.model_of(name, folder)
    return deliver(Source(model, 'a.pb'), order, str(folder), Source(model, 'a.pb'))


def test_nothing_fell_beside_itself(tmp_path: Any) -> None:
    content = _identical(tmp_path, 'bare_se', Order(['pb']))
    assert content['fell'] == {'macs': False, 'bytes': False, 'operations': False}
    assert content['statement'].count('did not fall (pb: ') == 3


def test_without_an_original_nothing_is_claimed(tmp_path: Any) -> None:
    content = deliver(Source(models.model_of('bare_se', tmp_path), 'a.pb'), Order(['pb']), str(tmp_path))
    assert (content['fell'], content['original'], content['files'][0]['before']) == (None, None, None)
    assert 'no original' in content['statement']


def test_all_fell(tmp_path: Any) -> None:
    small, large = models.model_of('not_expanded', tmp_path), models.model_of('mobilenet_v2', tmp_path)
    content = deliver(Source(small, 'a.pb'), Order(['pb']), str(tmp_path), Source(large, 'b.pb'))
    assert content['fell'] == {'macs': True, 'bytes': True, 'operations': True}
    assert content['statement'] == 'MACs, bytes and operations all fell, in every file'


def _wrong(monkeypatch: Any) -> None:
    form = FORMATS['pb']

    def write(model: Any, path: str, settings: Any) -> None:
        changed = {name: np.asarray(model.weights[name]) * 1.01 for name in model.weights}
        form.write(model.replace(weights=model.weights.replaced(changed)), path, settings)
    monkeypatch.setitem(FORMATS, 'pb', form._replace(write=write))


def test_more_than_rounding_is_refused(tmp_path: Any, monkeypatch: Any) -> None:
    _wrong(monkeypatch)
    with pytest.raises(VerificationError, match=r'pb differs by .*e-0\d relative \(output output\), more than 1e-04'):
        deliver(Source(models.model_of('without_norm', tmp_path), 'a.pb'), Order(['pb'], fold=False), str(tmp_path))
    assert not (tmp_path / CERTIFICATE).exists()


def test_more_than_rounding_can_be_allowed(tmp_path: Any, monkeypatch: Any) -> None:
    _wrong(monkeypatch)
    content = deliver(Source(models.model_of('without_norm', tmp_path), 'a.pb'),
                      Order(['pb'], fold=False, allow_difference=True), str(tmp_path))
    assert content['files'][0]['within'] is False
    assert content['files'][0]['difference']['relative'] > content['files'][0]['bound']


def test_what_computes_no_numbers_is_not_certified(tmp_path: Any) -> None:
    """NaN equals NaN, which proves nothing."""
    def build() -> tf.Tensor:
        x = builders.conv(builders.image(), 4, 'stem')
        return tf.identity(tf.log(tf.reduce_mean(x, [1, 2]) - 1e3), 'output')
    with pytest.raises(ModelError, match='no number of output output is finite'):
        deliver(Source(models.saved_model_of(build, tmp_path), 'a.pb'), Order(['pb']), str(tmp_path))


def test_a_batch_size(tmp_path: Any) -> None:
    source = Source(models.model_of('bare_se', tmp_path).replace(inputs={}), 'a.pb')
    for batch, expected in ((None, None), (3, 3)):
        deliver(source, Order(['pb', 'saved_model'], batch=batch), str(tmp_path))
        for name in ('model.pb', 'saved_model'):
            with open_runtime(str(tmp_path / name), outputs=['output']) as runtime:
                assert runtime.inputs[0].shape == (expected, *builders.IMAGE[1:])


def test_formats_by_name() -> None:
    assert chosen_formats(['all'], None) == [name for name in FORMATS if name != 'tflite_int8']
    assert chosen_formats(['all'], 'images') == list(FORMATS)
    assert chosen_formats(['onnx', 'pb', 'onnx'], None) == ['onnx', 'pb']
