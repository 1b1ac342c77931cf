"""The pruning loop: choose, soft-prune, retrain, measure, and accept, repeat or go back; then strip."""

import contextlib
import logging
import os
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

from ..channels import analyse
from ..errors import OptionError
from ..files import alone_in, holds
from ..model.checkpoint import resolve_prefix
from ..network import Network
from ..passes.to_inference import to_inference
from ..pipeline import strip_only
from ..plan import PruningPlan
from .arguments import LATER, check_arguments, remembered
from .diary import Diary
from .finish import Finish, finish_loop
from .journal import Journal, Record, Tell
from .returned import Evaluate, measured, trained_checkpoint
from .settings import LoopResult, LoopSettings
from .steps import Step
from .zeroing import choose_and_zero, failed_filters, refuse_no_numbers, remains, try_steps, whole, zero

logger = logging.getLogger(__name__)
JOURNAL = 'loop.json'
"""What is finished, in the loop's output folder; by it that is known from the folders of trainings."""

Retrain = Callable[[str, str, PruningPlan], str]
"""Trains from a soft-pruned checkpoint, in a folder of its own, and returns the folder; the hook
`HoldZeros(network.zeros(checkpoint, plan))` keeps what the plan set to zero. If it has chosen other channels and set
those to zero, it leaves their plan in the folder as `plan.json`."""
Prepare = Callable[[str, str], str]
"""Trains a checkpoint before anything is chosen, in a folder of its own, and returns the folder."""
Path = Union[str, 'os.PathLike[str]']


def prune_loop(checkpoint: Path, output: Path, network: Network, settings: LoopSettings, retrain: Retrain,
               evaluate: Evaluate, prepare: Optional[Prepare] = None, finish: Optional[Finish] = None,
               tell: Optional[Tell] = None, lock: bool = True) -> LoopResult:
    """Prunes a trained network as far as its steps, or the accuracy floor, allow.

    Every stage is noted in `<output>/loop.json` when it is finished. Killed at any moment and called again with the
    same arguments, the loop goes on behind the last finished stage; `retrain` finds what it left in its folder.

    Args:
        checkpoint: the trained network: a prefix, or a folder with a `checkpoint` file.
        output: everything is written below it: a folder for every attempt, `stripped` and, with `finish`, `final`.
        network: inputs and outputs.
        settings: steps, floor and bounds.
        retrain: trains a soft-pruned checkpoint with its zeros held.
        evaluate: measures a checkpoint.
        prepare: trains the network first, e.g. with a regulariser that makes channels small.
        finish: what follows the strip.
        tell: called with the name and the result of every stage, finished earlier or now.
        lock: keeps other loops out of the folder; not for a caller who is `files.alone_in` it already.

    Raises:
        OptionError: a setting is of another kind or out of its range, the network does not reach `least_accuracy` as
            it is, a step cannot be taken, a function returns what it should not, or the folder belongs to a loop with
            other settings.
        ModelError: there is no such checkpoint, or a function has trained another network.
        OutputError: another loop works in the folder, or it cannot be written.
    """
    check_arguments((checkpoint, output), network, settings, (retrain, evaluate, prepare), finish)
    prefix, folder = resolve_prefix(os.fspath(checkpoint)), os.fspath(output)
    begin = os.path.relpath(prefix, folder) if holds(folder, prefix) else os.path.abspath(prefix)
    with alone_in(folder) if lock else contextlib.nullcontext():
        journal = Journal(os.path.join(folder, JOURNAL), remembered(begin, network, settings, prepare, finish), tell,
                          LATER)
        return _Loop(folder, network, settings, retrain, evaluate, journal).run(prefix, prepare, finish)


class _Accepted(NamedTuple):
    """Where the next step begins."""

    checkpoint: str
    plan: Optional[PruningPlan] = None
    step: Optional[Step] = None


class _Loop:
    """One run of the loop."""

    def __init__(self, output: str, network: Network, settings: LoopSettings, retrain: Retrain, evaluate: Evaluate,
                 journal: Journal) -> None:
        self.output, self.network, self.settings = output, network, settings
        self.retrain, self.evaluate, self.journal = retrain, evaluate, journal
        self.diary = Diary(output, network, journal)
        self.attempts: List[Record] = []

    def run(self, checkpoint: str, prepare: Optional[Prepare], finish: Optional[Finish]) -> LoopResult:
        """Takes one step after the other, until one cannot be accepted."""
        if not self.journal.finished('baseline'):
            try_steps(self.network, checkpoint, self.settings)
        baseline = self.journal.once('baseline', lambda: self._measure_dense(checkpoint))
        self._note_dense('baseline', baseline, checkpoint)
        floor = self.settings.floor(baseline['accuracy'])
        accepted = _Accepted(self._prepared(checkpoint, prepare, baseline) if prepare else checkpoint)
        for number, step in enumerate(self.settings.steps):
            taken = self._take(number, step, accepted, floor)
            if taken is None:
                break
            accepted = taken
            if taken.step != step:
                break
        stripped, final = self._strip(accepted) if accepted.plan is not None else None, None
        if finish is not None and stripped is not None:
            final = finish_loop(finish, stripped, floor, self.output, self.network, self.journal, self.diary)
            stripped = stripped if final is not None else None
        return LoopResult(baseline, tuple(self.attempts), accepted.checkpoint, accepted.plan, stripped, final)

    def _measure_dense(self, checkpoint: str) -> Dict[str, Any]:
        """Measures the network as it is; the journal is not begun where the floor has to be another one."""
        found = measured(self.evaluate, checkpoint)
        if found['accuracy'] < self.settings.floor(found['accuracy']):
            raise OptionError('least_accuracy %g is above the accuracy that the network has before anything is pruned, '
                              '%g: give a lower one, or train the network further'
                              % (self.settings.least_accuracy or 0, found['accuracy']))
        return {**found, **whole(self.network, checkpoint)}

    def _prepared(self, checkpoint: str, prepare: Prepare, baseline: Record) -> str:
        """Trains the network before anything is chosen; returns the checkpoint."""
        record = self.journal.once('prepared', lambda: {'checkpoint': self._relative(trained_checkpoint(
            'prepare', prepare(checkpoint, self._path('prepared')), self.network, checkpoint))})
        prefix = self._path(record['checkpoint'])
        found = self.journal.once('prepared/measured', lambda: measured(self.evaluate, prefix))
        self._note_dense('prepared', {**baseline, **found, 'seconds': record['seconds']}, prefix)
        return prefix

    def _note_dense(self, step: str, found: Record, checkpoint: str) -> None:
        self.diary.note(dict(found, step=step, retry=0, accepted=True, failed_rate=0.0), os.path.abspath(checkpoint))

    def _take(self, number: int, step: Step, before: _Accepted, floor: float) -> Optional[_Accepted]:
        """Tries a step, then half of it, and so on; None where all of them stay below the floor."""
        for _ in range(self.settings.max_halvings + 1):
            taken = self._attempt('%02d_%s' % (number, step.folder), step, before, floor)
            if taken is not None:
                return taken
            half = step.halfway(before.step)
            if half == step:  # as near as numbers come to where it begins
                break
            step = half
        logger.info('%s is not accepted (failed_rate at most %g, accuracy at least %g): back to %s',
                    self.settings.steps[number], self.settings.max_failed_rate, floor, before.step or 'the baseline')
        return None

    def _attempt(self, folder: str, step: Step, before: _Accepted, floor: float) -> Optional[_Accepted]:
        """Chooses, and retrains until the filters are zero and the accuracy is enough; None where it never is."""
        try:
            chosen = self.journal.once(folder + '/soft', lambda: self._with_relative_paths(choose_and_zero(
                self.network, before.checkpoint, step, self.settings, self._path(folder + '/Pruned_Dir'),
                before.plan)))
        except OptionError as error:  # a target that the weights of the moment, or half a step, do not come near to
            logger.warning('%s is left out: %s', step, error)
            return None
        state = chosen
        for retry in range(self.settings.max_retries + 1):
            trained, found = self._retrained('%s/retrained_%d' % (folder, retry), retry, state)
            state = {**state, **trained}
            enough = found['accuracy'] >= floor and found['failed_rate'] <= self.settings.max_failed_rate
            self.attempts.append({
                'step': str(step), 'kind': step.kind, 'value': step.value, 'retry': retry, 'accepted': enough,
                **state, **found, 'seconds': round(sum(
                    each['seconds'] for each in (trained, found, *([] if retry else [chosen]))), 3)})
            self.diary.note(self.attempts[-1], state['checkpoint'])
            if enough:
                return _Accepted(self._path(state['checkpoint']), self._plan(state), step)
        return None

    def _retrained(self, name: str, retry: int, state: Record) -> Tuple[Record, Record]:
        """Retrains a soft-pruned checkpoint, or goes on with a retrained one, and measures the result."""
        plan, checkpoint = self._plan(state), state['checkpoint']
        if retry:
            checkpoint = self.journal.once(name + '/soft', lambda: {'checkpoint': self._relative(zero(
                self.network, self._path(state['checkpoint']), plan, self._path(name) + '_start'))})['checkpoint']
        record = self.journal.once(name, lambda: self._train(name, checkpoint, plan))
        return record, self.journal.once(name + '/measured', lambda: self._measure(
            record['checkpoint'], self._plan({**state, **record})))

    def _train(self, name: str, checkpoint: str, plan: PruningPlan) -> Dict[str, Any]:
        """Lets the program train; it may have chosen other channels."""
        start = self._path(checkpoint)
        prefix = trained_checkpoint('retrain', self.retrain(start, self._path(name), plan), self.network, start)
        refuse_no_numbers(self.network, prefix)
        record: Dict[str, Any] = {'checkpoint': self._relative(prefix)}
        own = os.path.join(os.path.dirname(prefix), 'plan.json')
        if os.path.exists(own):
            channels = analyse(to_inference(self.network.load(prefix)))
            record.update(remains(channels, PruningPlan.load(own)), plan=self._relative(own))
        return record

    def _measure(self, checkpoint: str, plan: PruningPlan) -> Dict[str, Any]:
        channels = analyse(to_inference(self.network.load(self._path(checkpoint))))
        return {**measured(self.evaluate, self._path(checkpoint)), **failed_filters(channels, plan)}

    def _strip(self, accepted: _Accepted) -> Record:
        """Removes what is zero; what the retraining left not quite at zero is set to zero, and by how much is said."""
        assert accepted.plan is not None
        plan = accepted.plan
        return self.journal.once('strip', lambda: strip_only(
            self.network.load(accepted.checkpoint), accepted.checkpoint, plan, self._path('stripped'),
            zero_unconverged=True, force=True))

    def _plan(self, state: Record) -> PruningPlan:
        return PruningPlan.load(self._path(state['plan']))

    def _with_relative_paths(self, record: Record) -> Record:
        return dict(record, **{name: self._relative(record[name]) for name in ('checkpoint', 'plan')})

    def _path(self, relative: str) -> str:
        return os.path.join(self.output, relative)

    def _relative(self, path: str) -> str:
        """Paths in the journal are relative to it, so that the folder may be moved."""
        return os.path.relpath(path, self.output)
