"""Where the parts of a run lie."""

import os
import re
from typing import Any, Callable, Iterator, List

from ...errors import ModelError
from .reading import read_json

_FIRST = ('', 'stripped', 'Stripped_Dir', os.path.join('stripped', 'Stripped_Dir'), 'final', 'exported', 'export')
"""Folders in which a result is looked for first."""
_ATTEMPT = re.compile(r'\d+_')
"""Begins the folder of an attempt of the loop, which is no result."""


class Places:
    """Finds files and folders in the folder of a run, and in those just below it.

    Attributes:
        folder: of the run.

    Raises:
        ModelError: there is no such folder.
    """

    def __init__(self, folder: str) -> None:
        if not os.path.isdir(folder):
            raise ModelError('no folder %s: give the output folder of `tf1pruning prune`, `strip` or `export`, or of a '
                             'pruning loop' % (folder or "''"))
        self.folder = folder
        self._below = [name for name in sorted(os.listdir(folder)) if os.path.isdir(os.path.join(folder, name))]

    def json(self, name: str) -> Any:
        """Returns the content of the first file of a name; None where there is none.

        Raises:
            ModelError: it is damaged.
        """
        path = self.file(name)
        return read_json(path) if path else None

    def file(self, name: str) -> str:
        """Returns the path of the first file of a name, or an empty text."""
        return self._first(name, os.path.isfile)

    def directory(self, name: str) -> str:
        """Returns the path of the first folder of a name, or an empty text."""
        return self._first(name, os.path.isdir)

    def attempts(self) -> List[str]:
        """Returns the folders of the loop's attempts, in order."""
        return [os.path.join(self.folder, name) for name in self._below if _ATTEMPT.match(name)]

    def inside(self, relative: str) -> str:
        """Returns the path that a record names, or an empty text where it leads out of the folder."""
        path = os.path.join(self.folder, relative)
        real = os.path.realpath(self.folder)
        within = relative and '\0' not in relative and os.path.commonpath([real, os.path.realpath(path)]) == real
        return path if within else ''

    def _first(self, name: str, there: Callable[[str], bool]) -> str:
        return next((path for path in self._candidates(name) if there(path)), '')

    def _candidates(self, name: str) -> Iterator[str]:
        rest = [folder for folder in self._below if folder not in _FIRST and not _ATTEMPT.match(folder)]
        for folder in (*_FIRST, *rest):
            yield os.path.join(self.folder, folder, name)
