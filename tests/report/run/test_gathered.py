"""What is found in the folder of a run, and what is said of the rest."""

import json
import os
import shutil
from typing import Any

import pytest

from tests.report import runs
from tf1pruning.errors import ModelError, PlanError
from tf1pruning.report.run import PARTS, gather


def test_what_prune_leaves(pruned: str) -> None:
    """The counts are those of the report; the layers' MACs add up to them."""
    told = []
    run = gather(pruned, told.append)
    assert tuple(told) == PARTS
    with open(os.path.join(pruned, 'report.json')) as stream:
        report = json.load(stream)
    counts = {count.name: (count.before, count.after) for count in run.counts}
    for name in ('macs', 'parameters', 'bytes', 'channels'):
        assert counts[name] == (report[name]['before'], report[name]['after'])
    assert sum(layer.macs[0] for layer in run.layers) == report['macs']['before']
    assert sum(layer.macs[1] or 0 for layer in run.layers) == report['macs']['after']
    assert run.differences[0].relative == report['stripped_vs_soft_pruned']['relative']
    assert [missing.part for missing in run.missing] == ['History of steps', 'Exported files and certificate',
                                                         'Measured times']
    assert run.refused[0]['reason'] == 'an output of the model'


def test_layers_say_what_they_lost_and_why_not(pruned: str) -> None:
    layers = {layer.name: layer for layer in gather(pruned).layers}
    plan = {group.name: group for group in gather(pruned).plan.groups}
    expand = layers['block/expand/Conv2D']
    assert expand.makes == (plan['block'].size, len(plan['block'].kept))
    assert (expand.group, expand.kind, expand.window, expand.reason) == ('block', 'inverted_residual', '1×1', '')
    last = list(layers.values())[-1]
    assert (last.group, last.reason, last.makes) == ('', 'an output of the model', (5, 5))


def test_what_lies_above_a_layer(pruned: str) -> None:
    """A gate is joined with the depthwise convolution, the projection with what came in, by an addition."""
    layers = gather(pruned).layers
    names = [layer.name.rsplit('/', 1)[0] for layer in layers]
    above = {name: [names[number] for number in layer.above] for name, layer in zip(names, layers)}
    assert above == {'stem': [], 'block/expand': ['stem'], 'block/depthwise': ['block/expand'],
                     'block/se/reduce': ['block/depthwise'], 'block/se/expand': ['block/depthwise', 'block/se/reduce'],
                     'block/project': ['stem', 'block/se/expand'], 'logits': ['block/project']}


def test_what_a_loop_leaves(looped: str) -> None:
    """The training graph is cut where the stripped graph has its placeholder, with its flags in inference."""
    run = gather(looped)
    assert run.missing == ()
    assert [row.accepted for row in run.attempts] == [True, True, False]
    assert run.layers
    assert all(layer.macs[1] is not None for layer in run.layers)
    assert sum(layer.macs[1] or 0 for layer in run.layers) < sum(layer.macs[0] for layer in run.layers)
    assert [stage.name for stage in run.kernels[0].stages] == ['trained', 'soft-pruned', 'retrained', 'stripped']
    group = next(group for group in run.plan.groups if group.name == run.kernels[0].group)
    assert [(stage.filters, stage.zero) for stage in run.kernels[0].stages] == [
        (group.size, 0), *2 * [(group.size, len(group.pruned))], (len(group.kept), 0)]
    assert ('steps', 'ratio 0.5') in run.settings


def test_a_frozen_model(pruned: str, tmp_path: Any) -> None:
    """`Pruned_Dir` and `Stripped_Dir` hold a graph each."""
    shutil.copytree(pruned, str(tmp_path / 'run'))
    frozen = tmp_path / 'run' / 'Stripped_Dir'
    for name in os.listdir(str(frozen)):
        if name not in ('modify.pb', 'plan.json'):
            (frozen / name).unlink()
    run = gather(str(tmp_path / 'run'))
    assert [stage.name for stage in run.kernels[0].stages] == ['soft-pruned', 'stripped']
    assert run.layers == gather(pruned).layers


def test_models_that_cannot_be_read_are_left_out_with_the_reason(pruned: str, tmp_path: Any) -> None:
    shutil.copytree(pruned, str(tmp_path / 'run'))
    (tmp_path / 'run' / 'Stripped_Dir' / 'modify.pb').write_bytes(b'nothing')
    run = gather(str(tmp_path / 'run'))
    assert run.layers == ()
    missing = next(each for each in run.missing if each.part.startswith('Layers'))
    assert 'modify.pb is not a frozen graph' in missing.reason
    assert run.kernels


def test_records_of_the_wrong_kind(tmp_path: Any) -> None:
    """Every value is something else than expected."""
    for name in ('report.json', 'history.json', 'loop.json', 'certificate.json', 'benchmark.json', 'demo.json'):
        runs.write_json(str(tmp_path / name), [{'settings': 3, 'macs': 'many', 'files': {}, 'kept': [1]}, 'x', None])
    run = gather(str(tmp_path))
    assert (run.counts, run.certificate, run.benchmark, run.plan) == ((), None, None, None)
    assert len(run.attempts) == 1
    assert len(run.missing) == 7 - 1


def test_a_plan_outside_the_folder_is_not_read(looped: str, tmp_path: Any) -> None:
    rows = runs.history()
    rows[1]['plan'] = os.path.join(looped, '00_ratio_0.5', 'Pruned_Dir', 'plan.json')
    runs.write_json(str(tmp_path / 'history.json'), rows)
    assert gather(str(tmp_path)).plan is None


def test_the_plan_of_a_certificate_will_do(pruned: str, tmp_path: Any) -> None:
    """An export alone, without what it was made from."""
    with open(os.path.join(pruned, 'plan.json')) as stream:
        plan = json.load(stream)
    runs.write_json(str(tmp_path / 'certificate.json'), dict(runs.certificate(), plan=plan))
    assert gather(str(tmp_path)).plan == gather(pruned).plan
    runs.write_json(str(tmp_path / 'certificate.json'), dict(runs.certificate(), plan={'groups': []}))
    with pytest.raises(PlanError, match='no "tf1pruning_plan"'):
        gather(str(tmp_path))


def test_nothing_of_a_run(tmp_path: Any) -> None:
    with pytest.raises(ModelError, match='holds nothing of a run'):
        gather(str(tmp_path))


def test_a_damaged_plan(tmp_path: Any) -> None:
    runs.write(str(tmp_path / 'plan.json'), '{"tf1pruning_plan": 1}')
    with pytest.raises(PlanError, match='is not a pruning plan'):
        gather(str(tmp_path))
