"""Records that cannot be used: counted, reported, and too many of them stop the run."""

import contextlib
import logging
from typing import Callable, Dict, Iterator, List

from tf1pruning.errors import DataError
from tf1pruning.tf1 import tf

_LOG = logging.getLogger(__name__)
SHOWN = 5
"""How many bad records are reported one by one."""


class BadRecords:
    """Counts the records of a dataset that are left out, each once, however often it is met.

    Attributes:
        limit: how many there may be.
        sources: functions that look through files which cannot be read further; each says what is wrong, or nothing.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._found: Dict[str, str] = {}
        self.sources: List[Callable[[], str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, name: str) -> bool:
        """Whether a record of this name was counted."""
        return name in self._found

    def add(self, name: str, reason: str = 'not decodable, a feature missing, or a label out of range') -> None:
        """Counts a record.

        Args:
            name: what to look for: a file, or a file and a number.
            reason: why it cannot be used.

        Raises:
            DataError: there are more than the limit.
        """
        if name not in self._found:
            self._found[name] = reason
            if len(self._found) <= min(SHOWN, self.limit):
                _LOG.warning('bad record %s (%s): left out', name, reason)
        self.check()

    def check(self) -> None:
        """Stops a run that has met too many.

        Raises:
            DataError: there are more than the limit.
        """
        if len(self._found) > self.limit:
            name, reason = list(self._found.items())[-1]
            raise DataError('%d bad records, where max_bad_records allows %d; the last is %s (%s)' % (
                len(self._found), self.limit, name, reason))

    def report(self) -> None:
        """Says how many there were, if any."""
        if self._found:
            _LOG.warning('%d bad records left out', len(self._found))

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Turns the failure of a pipeline in which the limit was passed, or a file cannot be read, into one line.

        Raises:
            DataError: one of these happened.
        """
        try:
            yield
        except tf.errors.OpError as error:
            self.check()
            if isinstance(error, (tf.errors.DataLossError, tf.errors.NotFoundError, tf.errors.PermissionDeniedError)):
                for reason in filter(None, (look() for look in self.sources)):
                    raise DataError(reason) from error
            raise
