"""`tf1pruning inspect`."""

import json
import os
import shutil

from tests.cli.conftest import Command


def test_a_meta_without_its_checkpoint(work: str, command: Command) -> None:
    """The same groups as with it; `prune` asks for the checkpoint."""
    os.makedirs('alone')
    shutil.copy('net/model.ckpt.meta', 'alone/model.ckpt.meta')
    whole, alone = (json.loads(command('inspect', name, '--outputs', 'output', '--json').out)
                    for name in ('net', 'alone'))
    assert alone == whole
    assert alone['groups']
    result = command('prune', 'alone', '--outputs', 'output', '--ratio', '0.5', '--output', 'out')
    assert result.code == 2
    assert 'no checkpoint' in result.err


def test_without_outputs_the_likeliest_are_taken(work: str, command: Command) -> None:
    """And said; a command that changes something asks instead."""
    given, guessed = command('inspect', 'net', '--outputs', 'output'), command('inspect', 'net')
    assert guessed.out == given.out
    assert guessed.err == 'outputs: output (others with --outputs)\n'
    assert command('prune', 'net', '--ratio', '0.5', '--output', 'out').code == 2


def test_what_pins_cost(work: str, command: Command) -> None:
    """The head's five logits cost all of its MACs; reasons are sorted by cost and sum their nodes."""
    found = json.loads(command('inspect', 'net', '--outputs', 'output', '--json').out)
    by_node = {pin['node']: pin for pin in found['pinned']}
    output = next(pin for pin in found['pinned'] if pin['reason'] == 'an output of the model')
    assert 0 < output['macs'] < found['macs']
    costs = [reason['macs'] for reason in found['reasons']]
    assert costs == sorted(costs, reverse=True)
    assert set(by_node) == {node for reason in found['reasons'] for node in reason['nodes']}
    text = command('inspect', 'net', '--outputs', 'output').out
    assert 'an output of the model' in text
    assert f"{output['macs']:,}" in text
