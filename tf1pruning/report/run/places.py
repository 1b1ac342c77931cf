"""Where the parts of a run lie."""

import os
import re
from typing import Any, Callable, Iterator, List

from ...errors import ModelError
from .reading import read_json

_FIRST = ('', 'stripped', 'Stripped_Dir', os.path.join('stripped', 'Stripped_Dir'), 'final', 'exported', 'export')
"""Folders in which a result is looked for first."""
STAGE = 'stage.json'
"""What every stage of a pipeline leaves in its folder."""
_ATTEMPT = re.compile(r'\d+_')
"""Begins the folder of an attempt of the loop, which is no result."""
_STAGES = {'baseline': 'model', 'Pruned_Dir': 'soft_prune', 'Stripped_Dir': 'strip'}
"""What a stage of a pipeline is called whose folder holds what other commands put into folders of these names."""


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
        self._stages = [name for name in reversed(self._below) if os.path.isfile(os.path.join(folder, name, STAGE))]

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
        return self._first(name, os.path.isdir) or next((
            os.path.join(self.folder, stage) for stage in self._stages
            if name in _STAGES and stage.partition('_')[2] == _STAGES[name]), '')

    def attempts(self) -> List[str]:
        """Returns the folders of the loop's attempts, in order."""
        return [os.path.join(self.folder, name) for name in self._below
                if _ATTEMPT.match(name) and name not in self._stages]

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
        for folder in (*_FIRST, *self._stages, *rest):
            yield os.path.join(self.folder, folder, name)
