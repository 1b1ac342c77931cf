"""The zoo: what it measures, what it keeps, and that its small networks agree."""

import json
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

from benchmarks.zoo import __main__ as zoo
from benchmarks.zoo.blocks import BLOCKS
from benchmarks.zoo.case import measure
from benchmarks.zoo.dialects import DIALECTS
from benchmarks.zoo.making import example
from benchmarks.zoo.models import model_networks
from benchmarks.zoo.networks import networks
from benchmarks.zoo.small import SMALL
from benchmarks.zoo.table import TOLERANCE, markdown, verdict

QUICK = ('SE-dense', 'GroupedConv', 'Dilation-SpaceToBatch', 'PadShortcut', 'Gather', 'StridedSlice', 'LSTM', 'ESPCN',
         'NCHW')
WHOLE = ('CIFARNet', 'Attention', 'CBAM', 'WeightStandardisation', 'DynamicRNN')
"""Networks of which a part must stay."""
GOOD: Dict[str, Any] = {
    'name': 'Net', 'family': 'small', 'tensorflow': '1.15.5', 'nodes': 1234, 'groups': 2, 'filters': 40,
    'filters_prunable': 30, 'macs': 1000, 'macs_after': 250, 'parameters': 100, 'parameters_after': 40,
    'difference': 1e-7, 'difference_frozen': 0.0, 'last_bit': 3e-7, 'spread': 0.5,
    'refused': ['LRN normalises over channels (2)'],
    'seconds': dict.fromkeys(('to_inference', 'analyse', 'plan', 'soft_prune', 'strip', 'verify'), 0.25)}


def check(name: str, folder: Path) -> None:
    """Half of the channels go, the outputs answer to the input and do not change, and the files agree."""
    found = measure(name, str(folder))
    assert found['channels_pruned'] > 0
    assert found['macs_after'] < found['macs']
    assert found['parameters_after'] < found['parameters']
    if name not in WHOLE:
        assert found['filters_prunable'] == found['filters'], found['refused']
    else:
        assert found['refused']
    assert found['difference'] <= TOLERANCE
    assert found['difference_frozen'] <= TOLERANCE
    assert found['spread'] > 0.01


@pytest.mark.parametrize('name', QUICK)
def test_small_networks_agree(name: str, tmp_path: Path) -> None:
    check(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize('name', [name for name in (*SMALL, *BLOCKS, *DIALECTS) if name not in QUICK])
def test_other_small_networks_agree(name: str, tmp_path: Path) -> None:
    check(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize('name', sorted(model_networks()) or [
    pytest.param('', marks=pytest.mark.skip('no models at hand'))])
def test_real_models_agree(name: str, tmp_path: Path) -> None:
    """Where they are at hand."""
    found = measure(name, str(tmp_path))
    assert verdict(found) == 'ok'
    assert found['macs_after'] < found['macs']


@pytest.mark.slow
@pytest.mark.parametrize('name', ['MobileNetV2', 'ResNet50V2', 'MobileNetV3Small', 'RegNetX002'])
def test_keras_networks_agree(name: str, tmp_path: Path) -> None:
    if name not in networks():
        pytest.skip('this TensorFlow has no ' + name)
    check(name, tmp_path)


def test_what_mixes_channels_stays_and_says_why(tmp_path: Path) -> None:
    """Local response normalisation."""
    found = measure('CIFARNet', str(tmp_path))
    assert found['filters'] - found['filters_prunable'] == 128
    assert found['refused'] == ['LRN normalises over channels (2)']


def test_examples_differ_and_fill_their_range() -> None:
    """Two images differ coarsely; odd sizes, vectors and volumes too."""
    for shape in ([2, 33, 17, 3], [2, 100], [2, 5, 6, 7, 1]):
        images = example(np.random.RandomState(0), shape, 255.0)
        assert images.shape == tuple(shape)
        assert images.min() >= 0
        assert 128 < images.max() <= 255
        assert np.abs(images[0] - images[1]).max() > 20


@pytest.mark.parametrize(('change', 'expected'), [
    ({}, 'ok'), ({'difference': 2e-5}, 'differs'), ({'difference_frozen': 1.0}, 'differs'),
    ({'difference': float('nan')}, 'differs'), ({'spread': 0.0}, 'answers the same to anything'),
    ({'error': 'MemoryError'}, 'failed')])
def test_verdict(change: Dict[str, Any], expected: str) -> None:
    """What is not proven is not ok."""
    assert verdict({**GOOD, **change}) == expected


def test_page_counts_and_explains() -> None:
    """The number that agree, percentages rounded down, reasons, failures."""
    page = markdown([GOOD, {'name': 'Broken', 'tensorflow': '1.15.5', 'error': 'ModelError: no'}])
    assert '1 of 2 agree' in page
    assert '| Net | 1,234 | 2 | 75 % | 75 % | 60 % | 1.0e-07 | 3.0e-07 | 0.0e+00 | 0.50 | 0.25 |' in page
    assert '- Net: 10 of 40 filters stay: LRN normalises over channels (2)' in page
    assert '- Broken, TensorFlow 1.15.5: ModelError: no' in page


def test_resume_leaves_out_what_agreed(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    """A network that failed is tried again; the others' lines stay."""
    asked: List[str] = []

    def fake(name: str, timeout: float) -> Dict[str, Any]:
        asked.append(name)
        return dict(GOOD, name=name)
    monkeypatch.setattr(zoo, 'run_case', fake)
    path = tmp_path / 'zoo_1.15.json'
    path.write_text('\n'.join(json.dumps(each) for each in (
        dict(GOOD, name='LSTM'), {'name': 'GRU', 'tensorflow': '1.15.5', 'error': 'killed'})) + '\n')
    page = tmp_path / 'zoo.md'
    assert zoo.main(['LSTM', 'GRU', 'SSD', '--json', str(path), '--resume', '--markdown', str(page)]) == 0
    assert asked == ['GRU', 'SSD']
    assert {name: verdict(each) for name, each in zoo.read_results(str(path)).items()} == {
        'LSTM': 'ok', 'GRU': 'ok', 'SSD': 'ok'}
    assert '3 of 3 agree' in page.read_text()
    assert '2/2 SSD' in capsys.readouterr().out


def test_a_crash_is_a_result(tmp_path: Path, monkeypatch: Any) -> None:
    """The process of one network dies: its last line is kept, the exit code tells."""
    monkeypatch.setattr(zoo.sys, 'executable', 'false')
    assert 'exit code' in zoo.run_case('LSTM', 60)['error']
    assert zoo.main(['LSTM', '--json', str(tmp_path / 'zoo_x.json')]) == 1


def test_an_unknown_network_is_named(capsys: Any) -> None:
    """With those that there are."""
    with pytest.raises(SystemExit):
        zoo.main(['MobileNetV9'])
    assert 'has no MobileNetV9; it has ShuffleNetV1' in capsys.readouterr().err
