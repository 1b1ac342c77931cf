"""The pruning loop: choose, soft-prune, retrain, measure, and accept, repeat or go back; then strip."""

import logging
import os
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..channels import Channels, analyse
from ..channels.blocks import exclude_groups, select_groups
from ..channels.cost_model import CostModel
from ..choice import choose
from ..dictionaries import unconverged_filters
from ..errors import OptionError
from ..files import atomic_folder
from ..model.checkpoint import resolve_prefix, save_checkpoint
from ..passes.soft_prune import soft_prune
from ..passes.to_inference import to_inference
from ..pipeline import strip_only
from ..plan import PruningPlan, removed_ids
from ..ranking import Amount
from ..report.history import write_history
from ..report.summaries import write_summaries
from .journal import Journal, Record
from .settings import Graph, LoopResult, LoopSettings
from .steps import Step

logger = logging.getLogger(__name__)
Retrain = Callable[[str, str, PruningPlan], str]
"""Trains from a soft-pruned checkpoint, in a folder of its own, and returns the folder; the hook
`HoldZeros(graph.zeros(checkpoint, plan))` keeps what the plan set to zero."""
Evaluate = Callable[[str], Mapping[str, float]]
"""Measures a checkpoint on validation images: `accuracy`, and whatever else is to be in the history."""
Tell = Callable[[str, Record], None]
_SCALARS = ('accuracy', 'loss', 'failed_rate', 'macs', 'parameters')
ZERO = 1e-9
"""A slice with Σ|w| below this counts as zero."""


def prune_loop(checkpoint: str, output: str, graph: Graph, settings: LoopSettings, retrain: Retrain, evaluate: Evaluate,
               tell: Optional[Tell] = None) -> LoopResult:
    """Prunes a trained network as far as its steps, or the accuracy floor, allow.

    Every stage is noted in `<output>/loop.json` when it is finished. Killed at any moment and called again with the
    same arguments, the loop goes on behind the last finished stage; `retrain` finds what it left in its folder.

    Args:
        checkpoint: the trained network: a prefix, or a folder with a `checkpoint` file.
        output: everything is written below it: a folder for every attempt, and `Stripped_Dir`.
        graph: inputs and outputs.
        settings: steps, floor and bounds.
        retrain: trains a soft-pruned checkpoint with its zeros held.
        evaluate: measures a checkpoint.
        tell: called with the name and the result of every stage, finished earlier or now.

    Raises:
        OptionError: there are no steps, or the folder belongs to a loop with other settings.
    """
    if not settings.steps:
        raise OptionError('the loop has no steps: give thresholds, ratios or targets')
    return _Loop(resolve_prefix(checkpoint), output, graph, settings, retrain, evaluate, tell).run()


class _Accepted(NamedTuple):
    """Where the next step begins."""

    checkpoint: str
    plan: Optional[PruningPlan] = None
    step: Optional[Step] = None


class _Loop:
    """One run of the loop."""

    def __init__(self, checkpoint: str, output: str, graph: Graph, settings: LoopSettings, retrain: Retrain,
                 evaluate: Evaluate, tell: Optional[Tell]) -> None:
        self.output, self.graph, self.settings = output, graph, settings
        self.retrain, self.evaluate, self.tell = retrain, evaluate, tell
        self.checkpoint = checkpoint
        self.attempts: List[Record] = []
        self.journal = Journal(os.path.join(output, 'loop.json'), {
            'checkpoint': os.path.abspath(checkpoint), 'outputs': list(graph.outputs),
            **{name: _plain(value) for name, value in settings._asdict().items()}})

    def run(self) -> LoopResult:
        """Takes one step after the other, until one cannot be accepted."""
        baseline = self._once('baseline', lambda: self._measured_baseline())
        floor = self.settings.floor(baseline['accuracy'])
        accepted = _Accepted(self.checkpoint)
        for number, step in enumerate(self.settings.steps):
            taken = self._take(number, step, accepted, floor)
            if taken is None:
                break
            accepted = taken
            if taken.step != step:
                break
        stripped = self._strip(accepted) if accepted.plan is not None else None
        return LoopResult(baseline, tuple(self.attempts), accepted.checkpoint, accepted.plan, stripped)

    def _once(self, name: str, action: Callable[[], Mapping[str, Any]]) -> Record:
        record = self.journal.once(name, action)
        if self.tell is not None:
            self.tell(name, record)
        return record

    def _measured_baseline(self) -> Dict[str, Any]:
        channels = analyse(to_inference(self.graph.load(self.checkpoint)))
        model = CostModel(channels)
        return {**self.evaluate(self.checkpoint), 'macs': model.macs(model.everything()),
                'parameters': model.parameters(model.everything())}

    def _take(self, number: int, step: Step, before: _Accepted, floor: float) -> Optional[_Accepted]:
        """Tries a step, then half of it, and so on; None where all of them stay below the floor."""
        for _ in range(self.settings.max_halvings + 1):
            taken = self._attempt('%02d_%s' % (number, step.folder), step, before, floor)
            if taken is not None:
                return taken
            step = step.halfway(before.step)
        logger.info('%s stays below the accuracy floor of %g: back to %s', step, floor, before.step or 'the baseline')
        return None

    def _attempt(self, folder: str, step: Step, before: _Accepted, floor: float) -> Optional[_Accepted]:
        """Chooses, and retrains until the filters are zero and the accuracy is enough; None where it never is."""
        chosen = self._once(folder + '/soft', lambda: self._soft_prune(folder, step, before.checkpoint))
        plan = PruningPlan.load(self._path(chosen['plan']))
        checkpoint = chosen['checkpoint']
        for retry in range(self.settings.max_retries + 1):
            trained, measured = self._retrained('%s/retrained_%d' % (folder, retry), retry, plan, checkpoint)
            checkpoint = trained['checkpoint']
            enough = measured['accuracy'] >= floor and measured['failed_rate'] <= self.settings.max_failed_rate
            self._note({'step': str(step), 'kind': step.kind, 'value': step.value, 'retry': retry, 'accepted': enough,
                        **chosen, **measured, 'checkpoint': checkpoint,
                        'seconds': round(chosen['seconds'] + trained['seconds'] + measured['seconds'], 3)})
            if enough:
                return _Accepted(self._path(checkpoint), plan, step)
        return None

    def _retrained(self, name: str, retry: int, plan: PruningPlan, checkpoint: str) -> Tuple[Record, Record]:
        """Retrains a soft-pruned checkpoint, or goes on with a retrained one, and measures the result."""
        if retry:
            checkpoint = self._once(name + '/soft', lambda: self._zero_again(name, plan, checkpoint))['checkpoint']
        trained = self._once(name, lambda: {'checkpoint': self._relative(resolve_prefix(
            self.retrain(self._path(checkpoint), self._path(name), plan)))})
        return trained, self._once(name + '/measured', lambda: self._measure(trained['checkpoint'], plan))

    def _note(self, attempt: Record) -> None:
        """Adds an attempt to the history."""
        self.attempts.append(attempt)
        write_history(self.output, self.journal.records['baseline'], self.attempts)
        scalars: Dict[str, float] = {name: attempt[name] for name in _SCALARS if name in attempt}
        scalars.update({'kept/' + group: count for group, count in attempt['kept'].items()})
        scalars.update({'failed_rate/' + layer: rate for layer, rate in attempt['failed_by_layer'].items()})
        number = len(self.attempts)
        self._once('summary_%d' % number, lambda: self._summarise(number, scalars, attempt['checkpoint']))

    def _summarise(self, number: int, scalars: Mapping[str, float], checkpoint: str) -> Dict[str, Any]:
        weights = self.graph.load(self._path(checkpoint))
        norms = {'filter_norms/' + name: np.linalg.norm(weights.weights[name].reshape(-1, variable.shape[-1]), axis=0)
                 for name, variable in weights.variables.items()
                 if variable.trainable and len(variable.shape) > 1 and name in weights.weights}
        write_summaries(self.output, number, scalars, norms)
        return {'tags': len(scalars) + len(norms)}

    def _soft_prune(self, folder: str, step: Step, checkpoint: str) -> Dict[str, Any]:
        """Chooses the channels that go by the weights as they are now, and sets them to zero."""
        model = self.graph.load(checkpoint)
        channels = analyse(to_inference(model))
        settings = self.settings
        groups = exclude_groups(channels, select_groups(channels, settings.scopes), settings.exclude)
        plan = choose(channels, groups, step.amount(settings.limits), settings.criterion, settings.combine)
        target = os.path.join(self.output, folder, 'Pruned_Dir')
        with atomic_folder(target) as temporary:
            plan.save(os.path.join(temporary, 'plan.json'))
            prefix = save_checkpoint(soft_prune(model, channels, plan), temporary)
        costs = CostModel(channels)
        kept = ~removed_ids(channels, plan)
        return {'checkpoint': self._relative(os.path.join(target, os.path.basename(prefix))),
                'plan': self._relative(os.path.join(target, 'plan.json')), 'macs': costs.macs(kept),
                'parameters': costs.parameters(kept),
                'kept': {group.name: len(group.kept) for group in plan.groups}}

    def _zero_again(self, name: str, plan: PruningPlan, checkpoint: str) -> Dict[str, Any]:
        """Sets the same channels to zero in what was retrained."""
        model = self.graph.load(self._path(checkpoint))
        target = self._path(name) + '_start'
        with atomic_folder(target) as temporary:
            prefix = save_checkpoint(soft_prune(model, analyse(to_inference(model)), plan), temporary)
        return {'checkpoint': self._relative(os.path.join(target, os.path.basename(prefix)))}

    def _measure(self, checkpoint: str, plan: PruningPlan) -> Dict[str, Any]:
        channels = analyse(to_inference(self.graph.load(self._path(checkpoint))))
        return {**self.evaluate(self._path(checkpoint)), **failed_filters(channels, plan)}

    def _strip(self, accepted: _Accepted) -> Record:
        """Removes what is zero; what the retraining left not quite at zero is set to zero, and by how much is said."""
        assert accepted.plan is not None
        plan = accepted.plan
        return self._once('strip', lambda: strip_only(
            self.graph.load(accepted.checkpoint), accepted.checkpoint, plan, os.path.join(self.output, 'stripped'),
            zero_unconverged=True, force=True))

    def _path(self, relative: str) -> str:
        return os.path.join(self.output, relative)

    def _relative(self, path: str) -> str:
        """Paths in the journal are relative to it, so that the folder may be moved."""
        return os.path.relpath(path, self.output)


def failed_filters(channels: Channels, plan: PruningPlan) -> Dict[str, Any]:
    """Returns `failed_rate`, the part of the chosen filters that are not zero, and the same for each convolution."""
    found = unconverged_filters(channels, channels.model, plan, ZERO)
    chosen = sum(count for _, _, count in found)
    failed = sum(len(rest) for _, rest, _ in found)
    return {'failed_rate': failed / chosen if chosen else 0.0,
            'failed_by_layer': {node: len(rest) / count for node, rest, count in found if count}}


def _plain(value: Any) -> Any:
    """Returns a setting as JSON knows it."""
    if isinstance(value, Amount):
        return value._asdict()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(each) for each in value]
    return value
