"""What a run counted before and after, and how exact it was."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .reading import mapping, number, text

LABELS = {'macs': 'MACs', 'parameters': 'Parameters', 'accuracy': 'Accuracy', 'latency_ms': 'Latency, one example',
          'batch_ms': 'Latency, 64 examples', 'pb_bytes': 'Size of the frozen graph', 'bytes': 'Size of the files',
          'weight_bytes': 'Size of the weights', 'channels': 'Channels'}
"""What may be counted, with its name for people."""
_CHECKS = {'stripped_vs_soft_pruned': 'stripped against soft-pruned',
           'pb_vs_checkpoint': 'frozen graph against checkpoint'}


class Count(NamedTuple):
    """A number before and after.

    Attributes:
        name: a key of `LABELS`.
        before: of the network as it was; None where nobody knows.
        after: of the network as it is now.
    """

    name: str
    before: Optional[float]
    after: float

    @property
    def left(self) -> Optional[float]:
        """The part that is left, as of 1."""
        return self.after / self.before if self.before else None


class Difference(NamedTuple):
    """How far two models that must compute the same are apart."""

    name: str
    relative: float
    absolute: Optional[float]
    output: str


def read_counts(report: Any, demo: Any) -> List[Count]:
    """Reads `report.json` and what the demo measured.

    Args:
        report: content of `report.json`.
        demo: content of `demo.json`: `before` and `after` of the frozen graphs.
    """
    found: Dict[str, Count] = {}
    for name in LABELS:
        each = mapping(mapping(report).get(name))
        _add(found, name, each.get('before'), each.get('after'))
    first, last = (mapping(mapping(demo).get(when)) for when in ('before', 'after'))
    for name in ('accuracy', 'latency_ms', 'batch_ms'):
        _add(found, name, first.get(name), last.get(name))
    _add(found, 'pb_bytes', first.get('bytes'), last.get('bytes'))
    return [found[name] for name in LABELS if name in found]


def _add(found: Dict[str, Count], name: str, before: Any, after: Any) -> None:
    last = number(after)
    if last is not None:
        found[name] = Count(name, number(before), last)


def read_differences(report: Any) -> Tuple[Difference, ...]:
    """Reads the comparisons of `report.json`."""
    found = []
    for key, name in _CHECKS.items():
        each = mapping(mapping(report).get(key))
        relative = number(each.get('relative'))
        if relative is not None:
            found.append(Difference(name, relative, number(each.get('absolute')), text(each.get('output'))))
    return tuple(found)
