"""What a training is doing and how long it will take: a bar on a terminal, log lines elsewhere."""

import logging
import sys
import time
from typing import Any, Callable, Container, Optional

from tqdm import tqdm

from tf1pruning.tf1 import tf

_LOG = logging.getLogger(__name__)
_LINES, _SECONDS = 2, 60
"""How many log lines there are at least, and how many seconds may pass without one."""


class ProgressHook(tf.train.SessionRunHook):
    """Counts the steps of one training, with the loss and the time left.

    Args:
        title: what is being trained.
        steps: at which step it will end.
        done: how many steps were done before.
    """

    def __init__(self, title: str, steps: int, done: int = 0) -> None:
        self._title, self._steps = title, steps
        self._every = max(1, (steps - done) // _LINES)
        self._before = self._done = done
        self._bar: Optional[Any] = None
        self._started = self._said = 0.0
        self._due = False

    def after_create_session(self, session: tf.Session, coord: tf.train.Coordinator) -> None:
        """Starts the clock."""
        self._started = self._said = time.time()
        if sys.stdout.isatty():
            self._bar = tqdm(total=self._steps, initial=self._done, desc=self._title, unit='step', file=sys.stdout,
                             leave=False, dynamic_ncols=True)

    def before_run(self, run_context: tf.train.SessionRunContext) -> Optional[tf.train.SessionRunArgs]:
        """Asks for the loss, and for the steps that other workers took, where they will be shown."""
        is_late = time.time() - self._said > _SECONDS
        self._due = self._bar is not None or is_late or (self._done + 1 - self._before) % self._every == 0
        if not self._due:
            return None
        graph = run_context.session.graph
        step = tf.train.get_global_step(graph)
        return tf.train.SessionRunArgs({'loss': graph.get_collection(tf.GraphKeys.LOSSES)[:1],
                                        'step': [] if step is None else [step]})

    def after_run(self, run_context: tf.train.SessionRunContext, run_values: tf.train.SessionRunValues) -> None:
        """Moves the bar, or writes a line."""
        self._done += 1
        loss = ''
        if run_values.results is not None:
            loss = 'loss %.3f' % run_values.results['loss'][0] if run_values.results['loss'] else ''
            self._done = max([self._done, *run_values.results['step']])
        if self._bar is not None:
            self._bar.set_postfix_str(loss, refresh=False)
            self._bar.update()
        elif self._due:
            self._said = time.time()
            per_step = (self._said - self._started) / (self._done - self._before)
            _LOG.info('%s: step %d of %d, %s, %.1f steps/s, %.0f s left', self._title, self._done, self._steps, loss,
                      1 / per_step, per_step * (self._steps - self._done))

    def end(self, session: tf.Session) -> None:
        """Removes the bar."""
        if self._bar is not None:
            self._bar.close()


class EvaluationListener(tf.train.CheckpointSaverListener):
    """Says how good the network is at checkpoints on the way.

    Args:
        title: what is being trained.
        steps: at which steps; checkpoints at others are passed over.
        evaluate: returns the accuracy of the latest checkpoint.
    """

    def __init__(self, title: str, steps: Container[int], evaluate: Callable[[], float]) -> None:
        self._title, self._steps, self._evaluate = title, steps, evaluate

    def after_save(self, session: tf.Session, global_step_value: int) -> None:
        """Evaluates what was saved."""
        if global_step_value in self._steps:
            _LOG.info('%s: step %d, accuracy %.2f %% on the validation images', self._title, global_step_value,
                      100 * self._evaluate())
