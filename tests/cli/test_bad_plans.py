"""Files that are no plans, and plans of other models: refused in one line, nothing written, nothing run."""

import json
import os
import pickle
from typing import Any, Dict

import pytest

from tests.cli.conftest import Command
from tests.cli.test_bad_input import HALF, NET, refused, write


@pytest.fixture
def plan(work: str, command: Command) -> Dict[str, Any]:
    """A plan for `net`, in `soft`."""
    assert command('soft-prune', *NET, '--ratio', '0.5', '--output', 'soft').code == 0
    with open('soft/plan.json') as stream:
        return json.load(stream)


def _set(plan: Dict[str, Any], key: str, value: Any) -> str:
    plan['groups'][0][key] = value
    return json.dumps(plan)


PLANS = {
    'truncated': (lambda plan: json.dumps(plan)[:200], 'is not a pruning plan'),
    'empty': (lambda plan: '', 'is not a pruning plan'),
    'a list': (lambda plan: '[1, 2]', '"tf1pruning_plan": 1'),
    'another dictionary': (lambda plan: '{"groups": []}', '"tf1pruning_plan": 1'),
    'a later version': (lambda plan: json.dumps(dict(plan, tf1pruning_plan=9)), '"tf1pruning_plan": 1'),
    'no groups': (lambda plan: json.dumps({'tf1pruning_plan': 1}), "no 'groups' in it"),
    'binary': (lambda plan: b'\x80\x02\xff', 'is not a pruning plan'),
    'nested deeply': (lambda plan: '[' * 100000, 'is not a pruning plan'),
    'text as a number': (lambda plan: _set(plan, 'pruned', ['one']), "'one'"),
    'no list': (lambda plan: _set(plan, 'pruned', 3), 'is not a pruning plan'),
    'no anchor': (lambda plan: _set(plan, 'anchor', None), 'is not a pruning plan'),
    'infinite': (lambda plan: _set(plan, 'size', float('inf')), 'is not a pruning plan'),
    'a channel too many': (lambda plan: _set(plan, 'pruned', [8]), 'cannot lose channel 8'),
    'a negative channel': (lambda plan: _set(plan, 'pruned', [-1]), 'cannot lose channel -1'),
    'all channels': (lambda plan: _set(plan, 'pruned', list(range(8))), 'all its channels'),
    'another size': (lambda plan: _set(plan, 'size', 16), 'make a plan for this model'),
    'another anchor': (lambda plan: _set(plan, 'anchor', {'parameter': 'nowhere', 'axis': 3}), 'nowhere'),
}


@pytest.mark.parametrize('damage', list(PLANS))
def test_damaged_plan(work: str, command: Command, plan: Dict[str, Any], damage: str) -> None:
    change, expected = PLANS[damage]
    write('plan.json', change(plan))
    for name, model in (('soft-prune', 'net'), ('strip', 'soft/Pruned_Dir')):
        refused(command, (name, model, '--outputs', 'output', '--plan', 'plan.json', '--output', 'new'), expected)


def test_plan_that_is_not_there(work: str, command: Command) -> None:
    for path in ('nowhere.json', 'net', ''):
        refused(command, ('soft-prune', *NET, '--plan', path, '--output', 'new'), 'cannot read plan ' + path)


def test_plan_of_another_model(work: str, command: Command, plan: Dict[str, Any]) -> None:
    for name in ('soft-prune', 'strip'):
        refused(command, (name, 'other', '--outputs', 'output', '--plan', 'soft/plan.json', '--output', 'new'),
                 'does not fit the model')


def test_plan_and_amount(work: str, command: Command, plan: Dict[str, Any]) -> None:
    refused(command, ('soft-prune', *NET, '--plan', 'soft/plan.json', *HALF), 'leave out --ratio')


def test_pickle_as_plan_is_not_loaded(work: str, command: Command) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, ('evil',)
    write('plan.pkl', pickle.dumps(Evil()))
    refused(command, ('soft-prune', *NET, '--plan', 'plan.pkl', '--output', 'new'), 'is not a pruning plan')


def test_soft_pruned_folder_instead_of_the_checkpoint_in_it(work: str, command: Command, plan: Dict[str, Any]) -> None:
    refused(command, ('strip', 'soft', '--outputs', 'output', '--plan', 'soft/plan.json', '--output', 'new'),
             'try soft/Pruned_Dir')
