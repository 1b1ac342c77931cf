"""The history of a pruning loop: what was tried, and what came of it."""

from typing import Any, Dict, List, NamedTuple, Optional

from .counts import Count
from .reading import counts_by_name, flag, items, mapping, number, numbers_by_name, text, whole


class Attempt(NamedTuple):
    """A row of `history.json`.

    Attributes:
        step: what was asked for.
        retry: how often it was retrained before.
        accepted: whether it was good enough to go on from.
        accuracy: on the images that the loop decides by, 0 to 1.
        loss: the same network's loss.
        failed_rate: the part of the chosen filters that came back.
        macs: multiply-accumulates for one example.
        parameters: learnt numbers.
        seconds: what it took.
        kept: channels that stay, by group.
        failed: the part that came back, by layer.
        checkpoint: the network, relative to the run's folder.
        plan: its plan, likewise.
    """

    step: str
    retry: Optional[int]
    accepted: Optional[bool]
    accuracy: Optional[float]
    loss: Optional[float]
    failed_rate: Optional[float]
    macs: Optional[int]
    parameters: Optional[int]
    seconds: Optional[float]
    kept: Dict[str, int]
    failed: Dict[str, float]
    checkpoint: str
    plan: str


def read_attempts(history: Any) -> List[Attempt]:
    """Reads `history.json`."""
    rows = (mapping(row) for row in items(history))
    return [Attempt(text(row.get('step')), whole(row.get('retry')), flag(row.get('accepted')),
                    number(row.get('accuracy')), number(row.get('loss')), number(row.get('failed_rate')),
                    whole(row.get('macs')), whole(row.get('parameters')), number(row.get('seconds')),
                    counts_by_name(row.get('kept')), numbers_by_name(row.get('failed_by_layer')),
                    text(row.get('checkpoint')), text(row.get('plan'))) for row in rows if row]


def counts_of(attempts: List[Attempt]) -> List[Count]:
    """Returns what changed from the first row to the last accepted one, for a loop that was not stripped."""
    accepted = [row for row in attempts if row.accepted]
    if len(accepted) < 2:
        return []
    first, last = accepted[0], accepted[-1]
    pairs = (('macs', first.macs, last.macs), ('parameters', first.parameters, last.parameters),
             ('accuracy', first.accuracy, last.accuracy))
    return [Count(name, before, after) for name, before, after in pairs if after is not None]
