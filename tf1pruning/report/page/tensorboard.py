"""The numbers of a run as TensorBoard's summaries, to stand next to the curves of the training."""

from typing import Dict, List

import numpy as np

from ..run.gathered import Run
from ..summaries import write_summaries

_MEASURED = ('accuracy', 'loss', 'failed_rate', 'macs', 'parameters', 'seconds')


def write_events(run: Run, folder: str) -> int:
    """Writes a step for each attempt of the loop; without a loop, before and after are steps 0 and 1.

    Args:
        run: the run.
        folder: where TensorBoard will look.

    Returns:
        How many steps were written.
    """
    steps = _attempts(run) if run.attempts else _before_and_after(run)
    scores = {'scores/' + group.name: np.array(group.scores)
              for group in (run.first_plan.groups if run.first_plan is not None else ()) if group.scores}
    for number, scalars in enumerate(steps):
        write_summaries(folder, number, scalars, scores if number == 0 else {})
    return len(steps)


def _attempts(run: Run) -> List[Dict[str, float]]:
    steps = []
    for row in run.attempts:
        scalars = {'report/' + name: getattr(row, name) for name in _MEASURED if getattr(row, name) is not None}
        scalars.update({'kept/' + name: count for name, count in row.kept.items()})
        steps.append(scalars)
    return steps


def _before_and_after(run: Run) -> List[Dict[str, float]]:
    before = {'report/' + count.name: count.before for count in run.counts if count.before is not None}
    after = {'report/' + count.name: count.after for count in run.counts}
    for group in run.plan.groups if run.plan is not None else ():
        before['kept/' + group.name], after['kept/' + group.name] = group.size, len(group.kept)
    for layer in run.layers:
        before['macs/' + layer.name] = layer.macs[0]
        if layer.macs[1] is not None:
            after['macs/' + layer.name] = layer.macs[1]
    return [before, after] if before or after else []
