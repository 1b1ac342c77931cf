"""YAML becomes typed objects; what no object has is refused, with a name that it may have been."""

import dataclasses
import glob
import os
import re
from typing import Any

import pytest

from tf1pruning.errors import OptionError
from train.config import (
    CONFIGS,
    AugmentConfig,
    BlockConfig,
    Cifar10Config,
    DataConfig,
    DigitsConfig,
    Experiment,
    FashionCnnConfig,
    LeNet5Config,
    LeNet300Config,
    LoopConfig,
    MobileNetV1Config,
    MobileNetV2Config,
    MobileNetV2SEConfig,
    MobileNetV3Config,
    ModelConfig,
    ResNetConfig,
    SeparableConfig,
    TFRecordConfig,
    TrainConfig,
    V3BlockConfig,
    VGGConfig,
    load,
    one_of,
)
from train.config.model import ACTIVATIONS
from train.models import activations
from train.prune_loop import settings_of

EXAMPLES = sorted(glob.glob(os.path.join(CONFIGS, '*.yaml')))


def write(tmp_path: Any, text: str) -> str:
    path = tmp_path / 'config.yaml'
    path.write_text(text)
    return str(path)


def kind_of(path: str) -> Any:
    return LoopConfig if os.path.basename(path).startswith('loop_') else Experiment


@pytest.mark.parametrize('path', EXAMPLES, ids=os.path.basename)
def test_examples_load_and_document_every_key(path: str) -> None:
    config = load(kind_of(path), path)
    with open(path, encoding='utf-8') as file:
        text = file.read()
    lines = [line for line in text.splitlines() if ':' in line.split('#')[0]]
    assert lines
    assert [line for line in lines if '#' not in line] == []
    described = [config] if kind_of(path) is LoopConfig else [config, config.model, config.images]
    if path.endswith('digits.yaml') and kind_of(path) is Experiment:
        described.append(config.train)
    names = [field.name for each in described for field in dataclasses.fields(each)]
    assert [name for name in names if not re.search(r'\b%s:' % name, text)] == []


@pytest.mark.parametrize('path', [path for path in EXAMPLES if not os.path.basename(path).startswith(
    ('loop_', 'sparse_', 'clustered_'))], ids=os.path.basename)
def test_every_example_has_a_loop(path: str) -> None:
    """It names its file, and decides by images that are not those for the report."""
    name = os.path.basename(path)
    loop = load(LoopConfig, os.path.join(CONFIGS, 'loop_' + name))
    assert loop.experiment == name
    settings_of(loop)
    assert load(Experiment, path).images.validation_fraction > 0 or not loop.has_floor


@pytest.mark.parametrize('path', [path for path in EXAMPLES if '/clustered_' in path], ids=os.path.basename)
def test_clustered_examples_are_the_others_and_clusters(path: str) -> None:
    """Another network or training would need another loop, and no comparison."""
    clustered, other = load(Experiment, path), load(Experiment, path.replace('/clustered_', '/'))
    assert clustered.cluster is not None
    assert dataclasses.replace(clustered, cluster=None) == other
    with open(path, encoding='utf-8') as stream:
        text = stream.read()
    assert [field.name for field in dataclasses.fields(clustered.cluster) if '  %s:' % field.name not in text] == []


@pytest.mark.parametrize(('keys', 'message'), [
    ('clusters: 4', ''), ('bits: b.yaml', ''), ('', 'one of clusters, bits'),
    ('clusters: 4, bits: b.yaml', 'one of clusters, bits'), ('clusters: 1', '2 to 1024'),
    ('clusters: 4, method: best', "no method named 'best'"),
    ('clusters: 4, aggregation: max', "aggregation: expected sum or mean, found 'max'")])
def test_weight_sharing(tmp_path: Any, keys: str, message: str) -> None:
    text = 'model: {name: lenet_5}\ntrain: {steps: 1}\ncluster: {train: {steps: 2}, %s}' % keys
    if not message:
        assert load(Experiment, write(tmp_path, text)).cluster is not None
        return
    with pytest.raises(OptionError, match=message):
        load(Experiment, write(tmp_path, text))


@pytest.mark.parametrize('path', [path for path in EXAMPLES if '/sparse_' in path], ids=os.path.basename)
def test_sparse_examples_are_their_dense_ones_and_zeros(path: str) -> None:
    """Another network or training would need another loop, and no comparison."""
    sparse, dense = load(Experiment, path), load(Experiment, path.replace('/sparse_', '/'))
    assert sparse.sparsify is not None
    assert dataclasses.replace(sparse, sparsify=None) == dense


def test_values_and_defaults(tmp_path: Any) -> None:
    text = 'name: mobilenet_v2_se\nwidth: 1\nblocks: [{channels: 8, se: true}, {channels: 16, stride: 2}]'
    config = load(ModelConfig, write(tmp_path, text))
    blocks = (BlockConfig(8, se=True), BlockConfig(16, stride=2))
    assert config == MobileNetV2SEConfig(blocks=blocks, width=1.0)
    assert isinstance(config.width, float)


def test_the_name_decides_which_keys_there_are(tmp_path: Any) -> None:
    assert load(ModelConfig, write(tmp_path, 'name: resnet_cifar\ndepth: 56')) == ResNetConfig(depth=56)
    assert load(MobileNetV2Config, write(tmp_path, 'name: mobilenet_v2')) == MobileNetV2Config()
    assert load(DataConfig, write(tmp_path, 'name: cifar10\nfolder: there')) == Cifar10Config(folder='there')
    with pytest.raises(OptionError, match="yaml: unknown key 'depth'"):
        load(ModelConfig, write(tmp_path, 'name: lenet_5\ndepth: 56'))
    with pytest.raises(OptionError, match="yaml: name: expected one of fashion_cnn, imported, .*found 'resnet'"):
        load(ModelConfig, write(tmp_path, 'name: resnet'))
    with pytest.raises(OptionError, match='yaml: name: expected one of cifar10, digits.*found None'):
        load(DataConfig, write(tmp_path, 'folder: there'))


def test_lists_of_lists(tmp_path: Any) -> None:
    text = 'name: vgg_cifar\nstages: [[8, 8], [16]]'
    assert load(ModelConfig, write(tmp_path, text)) == VGGConfig(stages=((8, 8), (16,)))


def test_numbers_without_a_point(tmp_path: Any) -> None:
    """YAML 1.1 takes `1e-5` for a text; people take it for a number."""
    assert load(TrainConfig, write(tmp_path, 'steps: 5\nweight_decay: 1e-5')).weight_decay == 1e-5


def test_nested(tmp_path: Any) -> None:
    text = ('model: {name: resnet_cifar}\ntrain: {steps: 5, batch_size: 2}\n'
            'images: {name: digits, augment: {crop: 0, flip: true}}')
    images = DigitsConfig(augment=AugmentConfig(flip=True))
    assert load(Experiment, write(tmp_path, text)) == Experiment(ResNetConfig(), TrainConfig(5, batch_size=2), images)


@pytest.mark.parametrize(('text', 'message'), [
    ('stepz: 5', r"unknown key 'stepz'; closest: steps"),
    ('batch_size: 5', "missing key 'steps'"),
    ('steps: many', r'steps: expected int, found .many.'),
    ('steps: 1.5', 'steps: expected int, found 1.5'),
    ('steps: true', 'steps: expected int, found True'),
    ('steps: 5\nlearning_rate: fast', 'learning_rate: expected float'),
    ('- steps', 'expected keys'),
    ('steps: [', 'is not YAML'),
    ('steps: 0', 'steps must be at least 1, not 0'),
    ('steps: 5\nwarmup_steps: -1', 'warmup_steps must not be negative: -1'),
    ('steps: 5\nlearning_rate: .inf', 'learning_rate: expected a finite number, found inf'),
    ('steps: 5\nlearning_rate: .nan', 'learning_rate: expected a finite number, found nan'),
    ('steps: 5\naverage: 1', 'average must be from 0 to below 1, not 1'),
    ('steps: 5\noptimizer: lion', "no optimizer named 'lion'; there are adagrad, adam"),
    ('steps: 5\nschedule: linear', "no schedule named 'linear'; there are constant, cosine"),
    ('steps: 5\nschedule: step', 'schedule step needs decay_at'),
    ('steps: 5\nschedule: exponential', 'schedule exponential needs decay_steps'),
    ('steps: 5\ndecay_at: [4, 2]', r'decay_at must ascend: \[4, 2\]'),
    ('steps: %d' % 2 ** 63, 'steps: 9223372036854775808 is too large'),
    ('steps: 5\nseed: %d' % 2 ** 32, 'seed must be from 0 to below 4294967296, not 4294967296'),
    ('', 'expected keys'),
])
def test_mistakes_are_named(tmp_path: Any, text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        load(TrainConfig, write(tmp_path, text))


@pytest.mark.parametrize(('kind', 'values', 'message'), [
    (ResNetConfig, {'depth': 21}, 'depth must be 6n'),
    (ResNetConfig, {'shortcut': 'none'}, "shortcut: expected pad or projection, found 'none'"),
    (VGGConfig, {'width': 0.0}, 'width must be above 0, not 0.0'),
    (VGGConfig, {'classes': 1}, 'classes must be at least 2'),
    (VGGConfig, {'se_ratio': 0.0}, 'se_ratio must be above 0 and at most 1, not 0'),
    (VGGConfig, {'batch_norm_momentum': 1.0}, 'batch_norm_momentum must be from 0 to below 1, not 1'),
    (VGGConfig, {'batch_norm_epsilon': 0.0}, 'batch_norm_epsilon must be above 0, not 0'),
    (VGGConfig, {'activation': 'gelu'}, "no activation named 'gelu'; there are elu, "),
    (VGGConfig, {'stages': ((8,), (8, 0))}, r'stages must be at least 1, not \(\(8,\), \(8, 0\)\)'),
    (VGGConfig, {'stages': ((8,), ())}, 'stages: every stage needs a convolution'),
    (ResNetConfig, {'stem_channels': 0}, 'stem_channels must be at least 1, not 0'),
    (LeNet300Config, {'hidden': (0,)}, r'hidden must be at least 1, not \(0,\)'),
    (LeNet5Config, {'filters': (-4,)}, r'filters must be at least 1, not \(-4,\)'),
    (FashionCnnConfig, {'filters': (0,)}, 'filters must be at least 1'),
    (SeparableConfig, {'channels': 8, 'repeats': 0}, 'repeats must be at least 1, not 0'),
    (BlockConfig, {'channels': 8, 'stride': 0}, 'stride must be at least 1, not 0'),
    (BlockConfig, {'channels': 8, 'expansion': 0}, 'expansion must be at least 1, not 0'),
    (V3BlockConfig, {'channels': 8, 'expanded': 0}, 'expanded must be at least 1, not 0'),
    (V3BlockConfig, {'channels': 8, 'expanded': 8, 'activation': 'x'}, "no activation named 'x'"),
    (MobileNetV1Config, {'stem_stride': 0}, 'stem_stride must be at least 1, not 0'),
    (MobileNetV2Config, {'head_channels': -1}, 'head_channels must not be negative: -1'),
    (MobileNetV3Config, {'hidden_channels': 0}, 'hidden_channels must be at least 1, not 0'),
    (DigitsConfig, {'split_seed': -1}, 'split_seed must be from 0 to below 4294967296, not -1'),
    (AugmentConfig, {'border': 'wrap'}, "border: expected one of zero, reflect, symmetric, found 'wrap'"),
    (AugmentConfig, {'crop': -1}, 'crop and cutout must not be negative'),
    (Cifar10Config, {'deviation': (0.0,)}, 'deviation must be above 0'),
    (Cifar10Config, {'validation_fraction': 1.0}, 'validation_fraction must be from 0 to below 1'),
    (TFRecordConfig, {'compression': 'zip'}, "compression: expected one of none, gzip, zlib, found 'zip'"),
])
def test_values_out_of_range(kind: Any, values: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        kind(**values)


def test_activations_are_those_that_there_are() -> None:
    assert sorted(ACTIVATIONS) == sorted(activations.ACTIVATIONS)


def test_values_out_of_range_say_where(tmp_path: Any) -> None:
    with pytest.raises(OptionError, match='config.yaml: model: depth must be 6n'):
        load(Experiment, write(tmp_path, 'model: {name: resnet_cifar, depth: 21}\ntrain: {steps: 1}'))


def test_mistakes_inside_lists_say_where(tmp_path: Any) -> None:
    with pytest.raises(OptionError, match=r"blocks\[1\]: unknown key 'chanels'; closest: channels"):
        load(ModelConfig, write(tmp_path, 'name: mobilenet_v2\nblocks: [{channels: 8}, {chanels: 8}]'))


def test_list_expected(tmp_path: Any) -> None:
    with pytest.raises(OptionError, match='values: expected a list, found 0.5'):
        load(LoopConfig, write(tmp_path, 'experiment: a.yaml\nretrain: {steps: 1}\nvalues: 0.5'))


def test_missing_file() -> None:
    with pytest.raises(OptionError, match='cannot read nowhere.yaml: No such file'):
        load(TrainConfig, 'nowhere.yaml')


def test_one_of() -> None:
    assert one_of('a', {'a': 1}, 'letter') == 1
    with pytest.raises(OptionError, match="no letter named 'c'; there are a, b"):
        one_of('c', {'b': 1, 'a': 2}, 'letter')


LAUGHS = 'a: &a [x]\n' + '\n'.join('%s: &%s [%s]' % (chr(98 + k), chr(98 + k), ', '.join(['*' + chr(97 + k)] * 9))
                                  for k in range(12)) + '\nmodel: *m'


@pytest.mark.parametrize('text', [
    LAUGHS, '[' * 5000, '{a: ' * 5000, 'model: &a [*a]', 'steps: 2001-99-99', 'steps: 0b', 'steps: !!int x',
    'steps: !!timestamp x', 'steps: !!float ""', 'steps: !!bool x', 'steps: !!python/object/apply:os.system [id]',
    'model: {name: [x]}', 'model: {name: {a: 1}}', 'train: {learning_rate: %s}' % ('9' * 400), '? {a: 1}\n: b',
    'model: {name: %s}' % ('x' * 9999), '\x00', '- 1', 'null'])
def test_whatever_yaml_can_say(tmp_path: Any, text: str) -> None:
    """One error that names the file, at once."""
    path = tmp_path / 'bad.yaml'
    path.write_text(text)
    with pytest.raises(OptionError, match=r'bad\.yaml'):
        load(Experiment, str(path))


@pytest.mark.parametrize(('keys', 'message'), [
    ('end: 10, final: 0.9', ''), ('end: 10, levels: {a: 0.5}', ''), ('end: 10, structure: "2:4"', ''),
    ('begin: 10, end: 10, final: 0.5, schedule: constant', ''),
    ('final: 0.9', "missing key 'end'"), ('end: 10', 'either final or levels'),
    ('end: 10, final: 0.9, levels: {a: 0.5}', 'either final or levels'),
    ('end: 10, final: 1', r'final: sparsity 1 is not in \[0, 1\)'),
    ('end: 10, levels: {a: 1.5}', 'levels: a: sparsity 1.5 is not in'),
    ('end: 10, final: 0.9, structure: "4:2"', 'cannot stay'),
    ('end: 10, final: 0.9, structure: "2:4"', 'leave out final'),
    ('begin: 10, end: 10, final: 0.9', 'end must be after begin'), ('end: 10, final: 0.9, frequency: 0', 'frequency'),
    ('end: 10, final: 0.9, schedule: cubic', 'expected constant or polynomial'),
    ('end: 10, levels: {a: 0.5}, together: true', 'leave out together and tensors'),
    ('end: 101, final: 0.9', 'end is after the last of the 100 steps')])
def test_gradual_pruning(tmp_path: Any, keys: str, message: str) -> None:
    text = 'model: {name: lenet_5}\ntrain: {steps: 100}\nsparsify: {%s}' % keys
    if not message:
        assert load(Experiment, write(tmp_path, text)).sparsify is not None
        return
    with pytest.raises(OptionError, match=message):
        load(Experiment, write(tmp_path, text))
