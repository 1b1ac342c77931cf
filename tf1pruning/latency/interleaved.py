"""Latency of several files in one run, in turn, so that what slows the machine down slows all of them."""

import time
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from ..errors import OptionError
from ..runtimes import example_feeds, open_runtime
from ..runtimes.open import runtime_of
from .memory import memory_of

WARM_UP = 10
"""Runs that are left out before the first round: caches fill, threads start, kernels are chosen."""


class Row(NamedTuple):
    """What was measured of a file with a number of threads.

    Attributes:
        file: its path.
        runtime: what ran it.
        threads: how many it was allowed.
        median_ms: of all rounds.
        p90_ms: nine of ten rounds took at most this.
        min_ms: the fastest round.
        ratio: median of this file's time relative to the first file's, round by round; None for the first.
        ratio_low: a tenth of the rounds' ratios lie below.
        ratio_high: a tenth lie above.
        memory_mb: how much more memory a process has at its peak that loads and runs the file; None if not measured.
    """

    file: str
    runtime: str
    threads: int
    median_ms: float
    p90_ms: float
    min_ms: float
    ratio: Optional[float] = None
    ratio_low: Optional[float] = None
    ratio_high: Optional[float] = None
    memory_mb: Optional[float] = None


def compare_files(paths: Sequence[str], rounds: int, threads: Sequence[int], batch: int = 1,
                  tell: Callable[[str], None] = lambda stage: None) -> List[Row]:
    """Measures files with each number of threads.

    In every round each file runs once, in turn from the front and from the back.

    Args:
        paths: `.pb`, `.tflite` and `.onnx` files and SavedModels, the one to compare with first.
        rounds: how many.
        threads: numbers of threads.
        batch: number of examples, where a file leaves it open.
        tell: called with what is done next.

    Raises:
        OptionError: a file is named twice, or its batch size is another one than the others'.
        ModelError: a file is missing, damaged or cannot be run.
    """
    if len(set(paths)) != len(paths):
        raise OptionError('a file is named twice: its times would be compared with themselves')
    for path in paths:
        runtime_of(path)
    memory: Dict[str, float] = {}
    for path in paths:
        tell('memory')
        memory[path] = memory_of(path, batch)
    rows: List[Row] = []
    for count in threads:
        tell('%d thread%s' % (count, '' if count == 1 else 's'))
        rows += [row._replace(memory_mb=memory[row.file]) for row in in_turn(paths, rounds, count, batch)]
    return rows


def in_turn(paths: Sequence[str], rounds: int, threads: int, batch: int) -> List[Row]:
    """Measures files with one number of threads; see `compare_files`."""
    runtimes = [open_runtime(path, threads) for path in paths]
    try:
        feeds = [example_feeds(runtime, batch) for runtime in runtimes]
        _require_same_batch(paths, feeds)
        for runtime, values in zip(runtimes, feeds):
            for _ in range(WARM_UP):
                runtime.run(values)
        times = np.zeros((rounds, len(paths)))
        for number in range(rounds):
            order = range(len(paths))
            for place in order if number % 2 else reversed(order):
                start = time.perf_counter()
                runtimes[place].run(feeds[place])
                times[number, place] = 1e3 * (time.perf_counter() - start)
    finally:
        for runtime in runtimes:
            runtime.close()
    return [_row(path, threads, times, place) for place, path in enumerate(paths)]


def _row(path: str, threads: int, times: np.ndarray, place: int) -> Row:
    own = times[:, place]
    row = Row(path, runtime_of(path), threads, *(round(float(value), 4) for value in (
        np.median(own), np.percentile(own, 90), own.min())))
    if not place:
        return row
    ratios = own / times[:, 0]
    low, middle, high = (round(float(np.percentile(ratios, each)), 4) for each in (10, 50, 90))
    return row._replace(ratio=middle, ratio_low=low, ratio_high=high)


def _require_same_batch(paths: Sequence[str], feeds: Sequence[Sequence[np.ndarray]]) -> None:
    sizes = [max([value.shape[0] for value in values if value.ndim] or [1]) for values in feeds]
    for path, size in zip(paths, sizes):
        if size != sizes[0]:
            raise OptionError('%s takes %d examples at once, %s %d: give --batch %d, or export them for one batch size'
                              % (path, size, paths[0], sizes[0], max(size, sizes[0])))
