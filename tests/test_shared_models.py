"""Real models made by others: half of everything pruned, exact. Skipped where they are not at hand."""

import dataclasses
import json
import os
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest

from tests import plain
from tf1pruning import lowrank
from tf1pruning.channels import analyse
from tf1pruning.choice import choose
from tf1pruning.cli import main
from tf1pruning.graph.inference import Input
from tf1pruning.graph.view import parse_tensor
from tf1pruning.model.checkpoint import save_checkpoint
from tf1pruning.model.frozen import save_frozen
from tf1pruning.model.load import load_model
from tf1pruning.model.model import Model
from tf1pruning.passes.decompose import decompose, with_kernels
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.pipelines import PipelineConfig, run_pipeline
from tf1pruning.pipelines.config import InputConfig, ModelConfig
from tf1pruning.ranking import Amount
from tf1pruning.restructuring import FoldOrder, restructure
from tf1pruning.typed_yaml import load
from tf1pruning.weights.linear_layers import linear_layers

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'shared', 'models')
PIPELINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'configs', 'pipelines', 'decompose.yaml')
NAMES = ('cifar10_resnet20', 'cifar10_resnet56', 'mlperf_vww_mobilenetv1_025', 'kws_dscnn_inference',
         'kws_dscnn_training', 'kws_dscnn_frozen', 'super_resolution_dcscn', 'unet_nuclei', 'pose_cpm_mv2')


def entry(name: str) -> Dict[str, Any]:
    """What the index says of a model."""
    path = os.path.join(MODELS, 'index.json')
    if not os.path.isfile(path):
        pytest.skip('%s is not there: the real models are not part of this repository' % os.path.normpath(path))
    with open(path) as stream:
        return json.load(stream)[name]


def opened(name: str) -> Tuple[Model, List[str], Dict[str, np.ndarray]]:
    """A model in inference form, its outputs, and random inputs."""
    spec = entry(name)
    inputs = {parse_tensor(key).node: Input('', tuple(shape)) for key, shape in spec['feed'].items()}
    feeds = {parse_tensor(key).node: value for key, value in spec.get('const', {}).items()}
    outputs = [parse_tensor(output).node for output in spec['outputs']]
    model = to_inference(load_model(os.path.join(MODELS, spec['model']), outputs, inputs, feeds))
    return model, outputs, plain.feeds_for({key: each.shape for key, each in inputs.items()}, 7)


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_half_of_everything(tmp_path: Any, name: str) -> None:
    """Stripped ≡ soft-pruned ≡ frozen elementwise, in plain TensorFlow; the values got fewer, the outputs did not."""
    model, outputs, values = opened(name)
    channels = analyse(model)
    plan = choose(channels, channels.groups, Amount(ratio=0.5), 'l1')
    soft = soft_prune(channels.model, channels, plan)
    hard = strip(soft, channels, plan)
    frozen = [plain.run_frozen(save_frozen(each, str(tmp_path / file)), outputs, values)
              for each, file in ((soft, 'soft.pb'), (hard, 'hard.pb'))]
    for before, after in zip(*frozen):
        assert np.isfinite(before).all()
        assert plain.relative(before, after) <= 1e-5
    assert os.path.getsize(str(tmp_path / 'hard.pb')) < 0.8 * os.path.getsize(str(tmp_path / 'soft.pb'))
    if not model.frozen:
        (tmp_path / 'hard').mkdir()
        prefix = save_checkpoint(hard, str(tmp_path / 'hard'))
        for before, after in zip(frozen[1], plain.run_checkpoint(prefix, outputs, values)):
            assert plain.relative(before, after) <= 1e-5
        plain.initialise_and_resave(prefix, str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_decomposed(tmp_path: Any, name: str) -> None:
    """Branches for every layer compute what the original graph does with the kernels that they amount to."""
    model, outputs, values = opened(name)
    layers, _ = linear_layers(model)
    branches = {}
    for key, layer in layers.items():
        ranks = tuple(max(1, size // 2) for size in layer.shape[2:])
        ranks = (min(ranks),) * 2 if layer.shape[:2] == (1, 1) else ranks
        branches[key] = lowrank.decompose(layer.kernel(model), (ranks[0], ranks[1]), 0.02)
    assert branches
    decomposed = decompose(model, layers, branches)
    runs = [plain.run_frozen(save_frozen(each, str(tmp_path / file)), outputs, values) for each, file in (
        (model, 'original.pb'), (with_kernels(model, layers, branches), 'kernels.pb'), (decomposed, 'decomposed.pb'))]
    for original, expected, found in zip(*runs):
        assert np.isfinite(original).all()
        assert plain.relative(expected, found) <= 1e-4
    assert any(plain.relative(original, expected) > 1e-4 for original, expected in zip(*runs[:2]))
    if not model.frozen:
        (tmp_path / 'decomposed').mkdir()
        prefix = save_checkpoint(decomposed, str(tmp_path / 'decomposed'))
        for expected, found in zip(runs[1], plain.run_checkpoint(prefix, outputs, values)):
            assert plain.relative(expected, found) <= 1e-4


def test_a_detector_in_one_screen(capsys: Any) -> None:
    """4,700 nodes without a checkpoint: found through `map` loops, explained in fewer than 40 lines."""
    entry(NAMES[0])
    assert main.main(main.parse(['tf1pruning', 'inspect', os.path.join(MODELS, 'ssd_hand_meta')])) == 0
    text = capsys.readouterr().out
    assert len(text.splitlines()) < 40
    assert '33 groups with 10,856 channels' in text
    assert 'is stored element by element (TensorArrayScatterV3)' in text


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_folding_what_is_provable(name: str) -> None:
    """Constant channels go, and the outputs stay: to 1e-5, or to what rounding alone does to the model."""
    spec = entry(name)
    inputs = {parse_tensor(key).node: Input('', tuple(shape)) for key, shape in spec['feed'].items()}
    feeds = {parse_tensor(key).node: value for key, value in spec.get('const', {}).items()}
    outputs = [parse_tensor(output).node for output in spec['outputs']]
    channels = analyse(to_inference(load_model(os.path.join(MODELS, spec['model']), outputs, inputs, feeds)))
    found = restructure(channels, FoldOrder())
    assert found.decision.provable
    assert found.decision.plan.pruned_count == {'pose_cpm_mv2': 630, 'mlperf_vww_mobilenetv1_025': 4}.get(name, 0)
    assert found.allowed == 1e-5 or name == 'pose_cpm_mv2'
    assert found.record['difference']['relative'] <= max(1e-5, found.allowed)


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_folded_pruned_decomposed_and_exported(tmp_path: Any, name: str) -> None:
    """The pipeline that is delivered with the program, every step of it verified."""
    spec = entry(name)
    config = load(PipelineConfig, PIPELINE)
    given = {parse_tensor(key).node: value for key, value in spec.get('const', {}).items()}
    model = ModelConfig(
        os.path.join(MODELS, spec['model']), tuple(parse_tensor(output).node for output in spec['outputs']),
        {parse_tensor(key).node: InputConfig(tuple(shape)) for key, shape in spec['feed'].items()},
        {key: value for key, value in given.items() if isinstance(value, bool)},
        {key: value for key, value in given.items() if not isinstance(value, bool)})
    found = run_pipeline(dataclasses.replace(config, model=model, output=str(tmp_path / 'out')))
    assert [each.name for each in found][1:] == [stage.name for stage in config.stages]
    folded = found[-3].record
    assert folded['macs']['after'] < 0.75 * folded['macs']['before']
    assert [each['format'] for each in found[-1].record['files']] == ['pb', 'tflite']
