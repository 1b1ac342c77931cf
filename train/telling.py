"""Tells a person what a run is doing, and how long the rest will take."""

import os
import re

from tf1pruning.search.journal import Record

from .config import LoopConfig


class Stages:
    """Says what is being done and how long the rest will take, judged by the training steps done so far.

    Args:
        count: how many stages there are.
        steps: training steps of all of them together.
    """

    def __init__(self, count: int, steps: int) -> None:
        self._count, self._steps = count, steps
        self._number, self._done, self._seconds = 0, 0, 0.0

    def begin(self, title: str) -> None:
        """Announces a stage."""
        self._number += 1
        left = self._seconds / max(1, self._done) * (self._steps - self._done)
        print('[%d/%d] %s%s' % (self._number, max(self._count, self._number), title,
                                ' (about %s to go)' % _spelled(left) if left > 0 else ''), flush=True)

    def finish(self, steps: int, seconds: float) -> None:
        """Notes how long some training steps took."""
        self._done += steps
        self._seconds += seconds


class Teller:
    """Prints a line when a stage of the loop begins, and another with what came out.

    Args:
        stages: of the whole run.
        config: of the loop.
    """

    def __init__(self, stages: Stages, config: LoopConfig) -> None:
        self._stages, self._config = stages, config

    def __call__(self, name: str, record: Record) -> None:
        """Is told of every stage of the loop when it is finished."""
        if name == 'baseline':
            print('      accuracy %.2f %%, %s MACs, %s parameters' % (
                100 * record['accuracy'], f"{record['macs']:,}", f"{record['parameters']:,}"), flush=True)
            if self._config.sparse is not None:
                self._stages.begin('training with %s, %d steps' % (self._config.sparse.kind,
                                                                   self._config.sparse.train.steps))
        elif name.endswith('/soft') and 'kept' in record:
            self._stages.begin('%s: soft-pruned to %s MACs, now retraining %d steps' % (
                _step_of(name), f"{record['macs']:,}", steps_of_a_retraining(self._config)))
        elif re.search(r'/retrained_\d+$', name):
            self._stages.finish(steps_of_a_retraining(self._config), record['seconds'])
        elif name == 'prepared' and self._config.sparse is not None:
            self._stages.finish(self._config.sparse.train.steps, record['seconds'])
        elif name.endswith('/measured'):
            failed = 'failed_rate %.2f, ' % record['failed_rate'] if 'failed_rate' in record else ''
            print('      %saccuracy %.2f %%' % (failed, 100 * record['accuracy']), flush=True)
        elif name == 'strip':
            self._stages.begin('stripped%s' % (', now training %d steps' % self._config.finetune.steps
                                               if self._config.finetune is not None else ''))


def steps_of_a_retraining(config: LoopConfig) -> int:
    """Returns how many training steps follow each soft-pruning."""
    return config.retrain.steps + (config.soft.steps if config.soft is not None else 0)


def stages_of(config: LoopConfig, first: int = 0) -> Stages:
    """Returns the stages of a loop, and of a training before it.

    Args:
        config: of the loop.
        first: training steps before it; 0 for none.
    """
    sparse = config.sparse.train.steps if config.sparse is not None else 0
    finetune = config.finetune.steps if config.finetune is not None else 0
    return Stages(bool(first) + bool(sparse) + len(config.values) + 1,
                  first + sparse + len(config.values) * steps_of_a_retraining(config) + finetune)


def _step_of(name: str) -> str:
    return os.path.dirname(name).partition('_')[2].replace('_', ' ')


def _spelled(seconds: float) -> str:
    return '%.0f s' % seconds if seconds < 120 else '%.0f min' % (seconds / 60)
