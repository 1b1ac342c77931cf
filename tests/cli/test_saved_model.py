"""The command line on a SavedModel."""

import json
import os

import numpy as np

from tests.cli.conftest import Command
from tests.model.test_saved_model import VALUES, save
from tests.plain import relative, run_checkpoint


def test_prune_without_naming_outputs(work: str, command: Command) -> None:
    """The signature does; what comes out is a checkpoint and a .pb, smaller than what came in."""
    expected = save('saved')
    result = command('prune', 'saved', '--ratio', '0.5', '--align', '2', '--output', 'out', '--json')
    assert result.code == 0, result.err
    report = json.loads(result.out)
    assert report['bytes']['after'] < report['bytes']['before']
    values = [run_checkpoint('out/%s/saved' % name, ['output'], VALUES)[0] for name in ('Pruned_Dir', 'Stripped_Dir')]
    assert relative(*values) <= 1e-5
    assert not np.array_equal(values[0], expected)
    assert os.path.isfile('out/Stripped_Dir/modify.pb')


def test_a_result_beside_or_in_it(work: str, command: Command) -> None:
    """The folder of the SavedModel itself is not replaced."""
    save('saved')
    result = command('prune', 'saved', '--ratio', '0.5', '--output', 'saved', '--force')
    assert result.code == 2
    assert os.path.isfile('saved/variables/variables.index')
