"""Progress on a terminal; silence anywhere else."""

import sys
from typing import Optional, Sequence

from tqdm import tqdm


class StageBar:
    """A bar over named stages, with the time left; nothing where standard error is not a terminal."""

    def __init__(self, stages: Sequence[str], quiet: bool = False) -> None:
        self._bar: Optional[tqdm] = None
        self._started = False
        if sys.stderr.isatty() and not quiet:
            self._bar = tqdm(total=len(stages), leave=False, bar_format='{desc:12s} |{bar:30}| {elapsed}<{remaining}')

    def __call__(self, stage: str) -> None:
        """Says that a stage begins."""
        if self._bar is not None:
            self._bar.update(1 if self._started else 0)
            self._bar.set_description(stage)
        self._started = True

    def close(self) -> None:
        """Clears the line."""
        if self._bar is not None:
            self._bar.close()


class CountBar:
    """A bar over many equal things, with the time left; nothing where standard error is not a terminal.

    Args:
        total: how many there are.
        what: they are.
        quiet: whether to say nothing.
    """

    def __init__(self, total: int, what: str, quiet: bool = False) -> None:
        self._bar: Optional[tqdm] = None
        self._total, self._what, self._quiet = total, what, quiet or not sys.stderr.isatty()

    def __call__(self, count: int) -> None:
        """Says how many were finished; those of the first call took no time."""
        if self._quiet:
            return
        if self._bar is None:
            self._bar = tqdm(total=self._total, initial=count, leave=False,
                             bar_format=self._what + ' |{bar:30}| {n}/{total} {elapsed}<{remaining}')
        else:
            self._bar.update(count)

    def close(self) -> None:
        """Clears the line."""
        if self._bar is not None:
            self._bar.close()


class PartBar:
    """A bar that is told what part of the work is done; nothing where standard error is not a terminal."""

    def __init__(self, what: str, quiet: bool = False) -> None:
        self._bar: Optional[tqdm] = None
        if sys.stderr.isatty() and not quiet:
            self._bar = tqdm(total=1.0, leave=False, desc=what, bar_format='{desc} |{bar:30}| {elapsed}<{remaining}')

    def __call__(self, part: float) -> None:
        """Says what part of the work is done, from 0 to 1."""
        if self._bar is not None:
            self._bar.update(part - self._bar.n)

    def close(self) -> None:
        """Clears the line."""
        if self._bar is not None:
            self._bar.close()
