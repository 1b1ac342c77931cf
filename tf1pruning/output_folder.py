"""The folder of a command's results: new, or in place of an earlier result, and of nothing else."""

import contextlib
import os
from typing import Iterable, Iterator

from .errors import OutputError
from .files import atomic_folder, holds
from .model.checkpoint import UNREADABLE
from .report import REPORTS

PRODUCED = ('plan.json', 'report.json', 'Pruned_Dir', 'Stripped_Dir')
"""What a run leaves in its output folder; with `force`, a folder that holds anything else is not replaced, but for
reports."""


@contextlib.contextmanager
def output_folder(path: str, force: bool, sources: Iterable[str] = (), produced: Iterable[str] = PRODUCED
                  ) -> Iterator[str]:
    """Yields a temporary folder that becomes the output folder if all goes well.

    Args:
        path: the folder.
        force: whether an earlier result is replaced.
        sources: files that are read and must not be lost with an earlier result.
        produced: names of what an earlier result consists of.

    Raises:
        OutputError: there is something already, and `force` is not set; or with it, something that is not ours.
    """
    _check_place(path, sources)
    there = sorted(os.listdir(path)) if os.path.isdir(path) else []
    foreign = [name for name in there if name not in produced and name not in REPORTS.values()]
    if there and not force:
        raise OutputError('%s is not empty: choose another folder, or replace what is there with --force' % path)
    if foreign:
        raise OutputError('%s holds %r, which no earlier run wrote: choose another folder' % (path, foreign[0]))
    with atomic_folder(path) as temporary:
        yield temporary


def _check_place(path: str, sources: Iterable[str]) -> None:
    if not path:
        raise OutputError('the output has no name: name a folder')
    if os.path.exists(path) and not os.path.isdir(path):
        raise OutputError('%s is a file: name a folder' % path)
    require_readable_back(path)
    if holds(path, os.curdir):
        raise OutputError('%s is the folder you work in, or above it: name another folder' % path)
    for source in sources:
        if holds(path, source):
            raise OutputError('%s lies in %s, which would be replaced: choose another folder' % (source, path))


def require_readable_back(path: str) -> None:
    """Checks that TensorFlow will find checkpoints in a folder.

    Raises:
        OutputError: it takes the path for a pattern.
    """
    if any(character in os.path.realpath(path) for character in UNREADABLE):
        raise OutputError('TensorFlow cannot read a checkpoint back with [ or \\ in its path: choose another folder '
                          'than %s' % os.path.realpath(path))
