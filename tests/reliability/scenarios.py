"""Everything that writes files, to be interrupted: each replaces an earlier result in `out`."""

import os
import shutil
from typing import Any, Callable, Dict, NamedTuple, Tuple

from tests.builders import save_network
from tests.fuzz import seeds
from tf1pruning import Pruning
from tf1pruning.cli import main

_NET = ('net', '--outputs', 'output')
_TO = ('--align', '2', '--output', 'out')


class Scenario(NamedTuple):
    """Something that writes.

    Attributes:
        before: makes the earlier result, in the current folder.
        run: makes the new one.
        results: folders and files that each hold the old or the new at any moment; of a row of steps there are several.
    """

    before: Callable[[], Any]
    run: Callable[[], Any]
    results: Tuple[str, ...] = ('out',)


def _command(*words: str) -> Callable[[], None]:
    def run() -> None:
        code = main.main(main.parse(['tf1pruning', *words]))
        if code:
            raise SystemExit(code)
    return run


def _steps(threshold: float) -> Callable[[], None]:
    """All steps of the class, without a training between them."""
    def run() -> None:
        pruning = Pruning('net', output_nodes='output', output_dir='out', align=2)
        pruning.set_threshold(threshold)
        pruning.pruning_process()
        pruning.get_rebuild_graph()
        pruning.get_strip_params()
        pruning.get_strip_ckpt()
    return run


def _summarised() -> None:
    """A folder of the class with a file in it that no later step writes."""
    _steps(0.9)()
    for name in ('Pruned_Dir', 'Stripped_Dir'):
        shutil.copy(os.path.join('net', 'checkpoint'), os.path.join('out', name, 'notes.txt'))


def _begin_loop() -> None:
    shutil.copytree('net', os.path.join('out', 'start'))


SCENARIOS: Dict[str, Scenario] = {
    'prune': Scenario(_command('prune', *_NET, '--ratio', '0.25', *_TO),
                      _command('prune', *_NET, '--ratio', '0.5', *_TO, '--force')),
    'prune-first': Scenario(lambda: None, _command('prune', *_NET, '--ratio', '0.5', *_TO, '--force')),
    'soft-prune': Scenario(_command('soft-prune', *_NET, '--ratio', '0.25', *_TO),
                           _command('soft-prune', *_NET, '--ratio', '0.5', *_TO, '--force')),
    'strip': Scenario(_command('prune', *_NET, '--ratio', '0.25', *_TO),
                      _command('strip', 'soft/Pruned_Dir', '--outputs', 'output', '--plan', 'soft/plan.json',
                               '--output', 'out', '--force')),
    'export': Scenario(_command('export', *_NET, '--no-fold', '--output', 'out'),
                       _command('export', *_NET, '--output', 'out', '--force')),
    'class': Scenario(_summarised, _steps(0.6), ('out/Pruned_Dir', 'out/Rebuild_CKPT', 'out/Stripped_Dir',
                                                 'out/Pruning_Dict/plan.json', 'out/Pruning_Dict/Pruned_Filters.json')),
    'loop': Scenario(_begin_loop, lambda: seeds.run_loop('out'), ('out/stripped', 'out/00_ratio_0.5/Pruned_Dir')),
}


def make_models() -> None:
    """Writes `net` and `soft` into the current folder."""
    os.mkdir('net')
    save_network('nested_se', 'net')
    _command('soft-prune', *_NET, '--ratio', '0.5', '--align', '2', '--output', 'soft')()
