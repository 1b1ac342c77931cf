"""What a long run has finished, on disk: started again after any interruption, it goes on behind that."""

import hashlib
import json
import os
import time
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Sequence, Tuple

from ..errors import OptionError, OutputError
from ..files import write_text
from ..plain_json import load_json

VERSION = 2
Record = Dict[str, Any]
Tell = Callable[[str, Record], None]
"""Is told the name and the result of a stage."""


class Journal:
    """Remembers the results of finished stages in a file, which is replaced in one step after each.

    A program writes what it does as `journal.once(name, action)`, one after the other. Run again, stages that were
    finished give back what they gave the first time, so that the program takes the same way through its decisions
    until it comes to the stage that was interrupted.

    Args:
        path: the file.
        settings: what the run depends on; a file of a run with other settings is refused.
        tell: called after every stage, whether it was finished earlier or now.
        later: names of settings that files written earlier lack; those are taken to be of runs with the same.

    Raises:
        OptionError: the file belongs to another run.
        OutputError: it is damaged.
    """

    def __init__(self, path: str, settings: Mapping[str, Any], tell: Optional[Tell] = None,
                 later: Sequence[str] = ()) -> None:
        self._path, self._tell, self._later = path, tell, later
        self._settings = json.loads(json.dumps(settings))
        self.records: Dict[str, Record] = {}
        if os.path.exists(path):
            self._read()

    def once(self, name: str, action: Callable[[], Mapping[str, Any]]) -> Record:
        """Returns the result of a stage: remembered, or by doing it now.

        Args:
            name: of the stage; no other has it.
            action: does it; what it returns must be JSON. `seconds` is added.
        """
        if name not in self.records:
            start = time.time()
            result = json.loads(json.dumps(dict(action())))
            self.records[name] = dict(result, seconds=round(time.time() - start, 3))
            self._write()
        if self._tell is not None:
            self._tell(name, self.records[name])
        return self.records[name]

    def finished(self, name: str) -> bool:
        """Whether a stage is behind us."""
        return name in self.records

    def _read(self) -> None:
        try:
            content = load_json(self._path)
            version, settings, records = content['tf1pruning_loop'], content['settings'], dict(content['finished'])
            if version == VERSION and content['sum'] != _sum(settings, records):
                raise ValueError('it was changed')
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OutputError('%s is no journal of such a run, or it is damaged (%s): choose another folder'
                              % (self._path, error)) from error
        if version != VERSION:
            raise OutputError('%s was written by another version: choose another folder' % self._path)
        unknown = {name: self._settings[name] for name in self._later if name not in settings}
        for name, found, wanted in differences({**settings, **unknown}, self._settings):
            raise OptionError('%s belongs to a run with %s %s, not %s: give the same, or choose another folder' % (
                self._path, name, json.dumps(found), json.dumps(wanted)))
        self.records = records

    def _write(self) -> None:
        write_text(self._path, json.dumps({
            'tf1pruning_loop': VERSION, 'sum': _sum(self._settings, self.records), 'settings': self._settings,
            'finished': self.records}, indent=1) + '\n')


def _sum(settings: Record, records: Mapping[str, Record]) -> str:
    """Returns a checksum: a program that goes on by what is damaged takes other ways, or fails anywhere."""
    return hashlib.sha256(json.dumps([settings, records], sort_keys=True).encode()).hexdigest()


def differences(found: Record, wanted: Record, above: str = '') -> Iterator[Tuple[str, Any, Any]]:
    """Yields the keys of two settings that differ, and both values; keys of keys have points between them.

    Args:
        found: plain JSON; what is left out is None.
        wanted: the same.
        above: what stands before every key.
    """
    for name in dict.fromkeys([*found, *wanted]):
        one, two = found.get(name), wanted.get(name)
        if isinstance(one, dict) and isinstance(two, dict):
            yield from differences(one, two, '%s%s.' % (above, name))
        elif one != two:
            yield above + name, one, two
