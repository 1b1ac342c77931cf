"""Every parameter alone, by more and more: how much accuracy that costs."""

import json
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..evaluation import Evaluator, Labelled, Measured
from ..search.journal import Journal
from .kinds import Kind

THREADS = 1
"""Each process evaluates with one thread: sums of more would not be the same in every run."""
_MOST_BYTES = 1 << 28
"""So much of changed tensors is held at once."""

Pending = Mapping[str, Sequence[float]]
"""What is to be tried: numbers by parameter."""
Tried = Iterator[Tuple[str, List[Measured]]]


class Curve(NamedTuple):
    """What was measured of a parameter.

    Attributes:
        parameter: its name.
        size: how many weights (or channels) it has.
        numbers: sparsities or bits, the mildest first.
        measured: as many results.
    """

    parameter: str
    size: int
    numbers: Tuple[float, ...]
    measured: Tuple[Measured, ...]


class Analysis(NamedTuple):
    """What was measured of a model.

    Attributes:
        column: what the numbers are: `sparsity` or `bits`.
        baseline: the model as it is.
        curves: in the network's order.
    """

    column: str
    baseline: Measured
    curves: Tuple[Curve, ...]


class Alone:
    """Evaluates in this process.

    Args:
        kind: what is done to the parameters.
        labelled: the examples.
        batch: how many are run at once.
    """

    def __init__(self, kind: Kind, labelled: Labelled, batch: int) -> None:
        self._kind = kind
        self._evaluator = Evaluator(kind.model, labelled, kind.tensors, batch, THREADS)

    def __enter__(self) -> 'Alone':
        return self

    def __exit__(self, *_: object) -> None:
        self._evaluator.__exit__(None, None, None)

    def together(self, numbers: Mapping[str, float]) -> Measured:
        """Measures the model with some parameters compressed at once."""
        return self._evaluator.evaluate(self._kind.changed(numbers))

    def remembered(self, numbers: Mapping[str, float], journal: Journal) -> Measured:
        """Does what `together` does, once."""
        key = 'together %s' % json.dumps(numbers)
        return _measured(journal.once(key, lambda: plain(self.together(numbers))))

    def tried(self, pending: Pending) -> Tried:
        """Yields the results of one parameter after the other."""
        for parameter, numbers in pending.items():
            yield parameter, self.one(parameter, numbers)

    def one(self, parameter: str, numbers: Iterable[float]) -> List[Measured]:
        """Measures the model with one parameter compressed, by one number after the other."""
        found: List[Measured] = []
        waiting: List[Dict[str, np.ndarray]] = []
        for number in numbers:
            waiting.append(self._kind.changed({parameter: number}))
            if sum(array.nbytes for each in waiting for array in each.values()) > _MOST_BYTES:
                found += self._evaluator.evaluate_each(waiting)
                waiting = []
        return found + (self._evaluator.evaluate_each(waiting) if waiting else [])


def analyse_sensitivity(kind: Kind, numbers: Sequence[float], here: Alone, journal: Journal,
                        workers: Optional[Callable[[Pending], Tried]] = None,
                        tell: Callable[[int], None] = lambda count: None) -> Analysis:
    """Measures every parameter with every number.

    Args:
        kind: what is done to the parameters.
        numbers: sparsities or bits.
        here: evaluates in this process.
        journal: remembers what was measured; what it has is not measured again.
        workers: evaluates instead of `here`, in other processes.
        tell: called with the number of trials that were finished now, or earlier.
    """
    ordered = ordered_numbers(kind, numbers)
    baseline = _measured(journal.once('baseline', lambda: plain(here.together({}))))
    pending = {name: [each for each in ordered if not journal.finished(_key(name, each))] for name in kind.sizes}
    tell(len(ordered) * len(pending) - sum(map(len, pending.values())))
    wanted = {name: some for name, some in pending.items() if some}
    for name, results in (workers or here.tried)(wanted):
        for number, result in zip(wanted[name], results):
            _note(journal, _key(name, number), result)
        tell(len(results))
    return Analysis(kind.column, baseline, tuple(Curve(name, size, ordered, tuple(
        _measured(journal.records[_key(name, each)]) for each in ordered))
        for name, size in kind.sizes.items()))


def ordered_numbers(kind: Kind, numbers: Sequence[float]) -> Tuple[float, ...]:
    """Returns numbers without repetitions, the mildest first.

    Raises:
        OptionError: one is out of its range.
    """
    for number in numbers:
        kind.check(number)
    return tuple(sorted(set(numbers), key=lambda number: abs(number - kind.neutral)))


def plain(measured: Measured) -> Dict[str, Optional[float]]:
    """Returns numbers as JSON has them: it knows no infinity."""
    return {'accuracy': measured.accuracy, 'loss': measured.loss if np.isfinite(measured.loss) else None}


def _measured(record: Mapping[str, Any]) -> Measured:
    return Measured(record['accuracy'], np.inf if record['loss'] is None else record['loss'])


def _note(journal: Journal, key: str, result: Measured) -> None:
    journal.once(key, lambda: plain(result))


def _key(parameter: str, number: float) -> str:
    return '%s %r' % (parameter, number)
