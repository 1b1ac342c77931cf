"""The benchmark of the analysis: what it counts, what it compares, and what it says where Torch-Pruning is missing."""

import json
import os
import sys
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest

from benchmarks.analysis import __main__ as analysis
from benchmarks.analysis.case import chain_case, counts, measure
from benchmarks.analysis.peer import TorchPruning
from benchmarks.analysis.table import FORMS, STAGES, markdown, plain
from benchmarks.zoo.making import half
from tf1pruning.channels import analyse
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip

BLOCK = 8 * 16 + 2 * 16 + 9 * 16 + 2 * 16 + 16 * 8 + 2 * 8
"""Parameters of a block of the chain: expansion, depthwise, projection, each with γ and β."""
HALF = 4 * 8 + 2 * 8 + 9 * 8 + 2 * 8 + 8 * 4 + 2 * 4


def seconds(total: float) -> Dict[str, float]:
    """Every stage takes its share."""
    return {**{stage: total / len(STAGES) for stage in STAGES}, 'total': total}


def result(**others: Any) -> Dict[str, Any]:
    """What `run` returns for one network."""
    network = {'name': 'Net', 'nodes': 2000, 'forward_nodes': 500, 'groups': 3, 'weights': 4100000,
               'parameters': 4000000, 'left': 1000000, 'at_once': seconds(0.1), 'softly': seconds(0.2),
               'whole': seconds(0.3)}
    network.update(others)
    return {'tensorflow': '2.15.1', 'python': '3.11.7', 'cores': 2, 'rounds': 9, 'load_before': 0.5, 'load_after': 0.6,
            'torch': {'torch': '2.13.0', 'torch_pruning': '1.6.0'} if others else {}, 'problem': '',
            'networks': [network]}


def test_a_chain_loses_half_of_every_layer() -> None:
    """Its parameters by hand; the outputs stay; more blocks are as many more nodes."""
    cases = [chain_case(blocks) for blocks in (1, 2, 3)]
    found = [counts(case) for case in cases]
    ends, ends_left = 3 * 8 + 2 * 8 + 8 * 10 + 2 * 10, 3 * 4 + 2 * 4 + 4 * 10 + 2 * 10
    assert [each['parameters'] for each in found] == [ends + blocks * BLOCK for blocks in (1, 2, 3)]
    assert [each['left'] for each in found] == [ends_left + blocks * HALF for blocks in (1, 2, 3)]
    assert [each['groups'] for each in found] == [2, 3, 4]
    for key in ('nodes', 'forward_nodes'):
        assert found[2][key] - found[1][key] == found[1][key] - found[0][key] > 0
    assert found[0]['forward_nodes'] == len(cases[0].alone.graph.node) < found[0]['nodes']


def test_both_ways_give_the_same_arrays() -> None:
    """Soft-pruned first or removed at once, with initial values and saver or without."""
    case = chain_case(2)
    arrays = []
    for model in (case.model, case.alone):
        channels = analyse(model)
        plan = half(channels)
        arrays += [strip(soft_prune(model, channels, plan), channels, plan).weights,
                   strip(model, channels, plan, zero_unconverged=True).weights]
    assert set(arrays[0]) == set(case.model.weights)
    for other in arrays[1:]:
        assert set(other) == set(arrays[0])
        assert all(np.array_equal(other[name], arrays[0][name]) for name in other)


@pytest.mark.parametrize('soft', [False, True])
def test_every_stage_takes_time(soft: bool) -> None:
    """None is left out, and what is measured is not known before."""
    case = chain_case(1)
    assert list(measure(case.alone, soft)) == list(STAGES)
    assert all(value >= 0 for value in measure(case.alone, soft).values())
    assert case.alone._shapes is None


def test_a_run_without_torch_pruning(capsys: Any) -> None:
    """Our side is measured; how to install the other is said; the process may use all cores again."""
    before = os.sched_getaffinity(0)
    analysis.main(['--networks', '--chains', '1', '--rounds', '1', '--torch-python', 'no-such-python'])
    out = capsys.readouterr().out
    assert os.sched_getaffinity(0) == before
    assert 'chain of 1 blocks' in out
    assert '--torch-python PATH' in out
    assert 'pip install torch-pruning' in out


def test_everything_as_json(capsys: Any) -> None:
    """Totals are those of the stages, in every form."""
    analysis.main(['--networks', '--chains', '1', '2', '--rounds', '1', '--torch-python', 'no-such-python', '--json'])
    found = json.loads(capsys.readouterr().out)['networks']
    assert [each['name'] for each in found] == ['chain of 1 blocks', 'chain of 2 blocks']
    for each in found:
        for form in FORMS:
            assert each[form]['total'] == pytest.approx(sum(each[form][stage] for stage in STAGES))


def test_a_wrong_network_is_named(capsys: Any) -> None:
    """One line, exit code 2."""
    with pytest.raises(SystemExit) as stopped:
        analysis.main(['--networks', 'MobileNetV9'])
    assert stopped.value.code == 2
    assert 'has no network MobileNetV9' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        analysis.main(['--rounds', '0'])
    assert 'positive' in capsys.readouterr().err


def test_tables() -> None:
    """Both sides beside each other; microseconds per node; no table of comparison where there is nothing to compare."""
    torch = {'parameters': 4000000, 'left': 1000000, 'build': 0.2, 'prune': 0.4, 'total': 0.6}
    compared = markdown(result(torch=torch, ratios={'at_once': 6.0, 'softly': 3.0, 'whole': 2.0}))
    assert '| Net | 4.000 → 1.000 M | 4.000 → 1.000 M | 0.600 (0.200 + 0.400) | 0.100 | 6.0× | 0.200' in compared
    assert '| Net | 2,000 | 500 | 3 | 4.1 |' in compared
    assert '| 300 | 150 |' in compared
    assert 'Torch-Pruning 1.6.0' in compared
    assert 'Torch' not in markdown(result())
    assert 'Torch' not in plain(result())
    assert 'load average 0.5 before, 0.6 after' in plain(result())


def test_the_ratio_is_that_of_neighbours_in_time() -> None:
    """The machine was twice as slow in the second turn, for both sides."""
    ours = [{stage: pace / len(STAGES) for stage in STAGES} for pace in (1.0, 2.0, 1.0)]
    theirs = [{'build': pace, 'prune': 2 * pace} for pace in (1.0, 2.0, 1.0)]
    assert analysis._ratio(theirs, ours) == pytest.approx(3.0)


_OTHER_SIDE = """#!%s
print('{"torch": "1", "torch_pruning": "2"}', flush=True)
print('{"build": 1, "prune": %%d}' %% len(input()), flush=True)
"""


def test_the_process_of_the_other_side(tmp_path: Path) -> None:
    """It is asked line by line; one that has ended is an error that says so."""
    python = tmp_path / 'python'
    python.write_text(_OTHER_SIDE % sys.executable)
    python.chmod(0o755)
    with TorchPruning(str(python)) as peer:
        assert peer.versions == {'torch': '1', 'torch_pruning': '2'}
        assert peer.measure('ResNet50') == {'build': 1, 'prune': 8}
        with pytest.raises(RuntimeError, match='ended with exit code 0'):
            peer.measure('ResNet50')
    with TorchPruning('false') as peer:
        assert not peer.versions
        assert 'exit code 1' in peer.problem
        with pytest.raises(RuntimeError, match='--torch-python'):
            peer.measure('ResNet50')


@pytest.mark.parametrize(('name', 'parameters'), [
    ('MobileNetV2', 3504872), ('ResNet50', 25583592), ('DenseNet121', 7978856), ('InceptionV3', 23834568)])
def test_the_same_architectures_in_pytorch(name: str, parameters: int) -> None:
    """As many trainable parameters as the Keras network has; InceptionV3 has 17,216 scales more."""
    pytest.importorskip('torch')
    from benchmarks.analysis.torch_networks import ARCHITECTURES
    network = ARCHITECTURES[name].build()
    assert sum(each.numel() for each in network.parameters()) == parameters
