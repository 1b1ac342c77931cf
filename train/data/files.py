"""Finding files, with messages that say what was looked for."""

import glob
import logging
import os
import re
from typing import List, Sequence

from tf1pruning.errors import DataError, OptionError

from ..config import FilesConfig

_LOG = logging.getLogger(__name__)
_PART = re.compile(r'(.*-)(\d{1,9})-of-(\d{1,6})(\D.*|)$')

def folder_of(config: FilesConfig) -> str:
    """Returns the folder of the images.

    Raises:
        OptionError: none is given.
        DataError: it is no folder.
    """
    if not config.folder:
        raise OptionError('no folder for the images of %s: give --data DIR, or set folder in the configuration'
                          % config.name)
    if not os.path.isdir(config.folder):
        raise DataError('no folder %s for the images of %s' % (config.folder, config.name))
    return config.folder


def first_of(folder: str, names: Sequence[str]) -> str:
    """Returns the path of the first file that exists.

    Raises:
        DataError: none does.
    """
    for name in names:
        if os.path.isfile(os.path.join(folder, name)):
            return os.path.join(folder, name)
    raise DataError('no file %s in %s' % (' or '.join(names), folder))


def matching(folder: str, pattern: str) -> List[str]:
    """Returns the paths of the files that a pattern describes, in the order of their names.

    Raises:
        DataError: there are none.
    """
    paths = sorted(path for path in glob.glob(os.path.join(glob.escape(folder), pattern)) if os.path.isfile(path))
    if not paths:
        raise DataError('no file %s in %s' % (pattern, folder))
    missing = _missing_parts(paths)
    if missing:
        _LOG.warning('%s: only the other parts are read, since %s is not there; %d missing', folder, missing[0],
                     len(missing))
    return paths


def numbers_of(paths: Sequence[str]) -> List[int]:
    """Numbers files in the order of their names, from 0.

    Missing parts have a number, too, so that a part which is fetched later, or lies on another machine only, changes
    no other file's. The folder does not matter.
    """
    folder = os.path.dirname(paths[0])
    expected = sorted({*paths, *(os.path.join(folder, name) for name in _parts(paths))})
    places = {path: number for number, path in enumerate(expected)}
    return [places[path] for path in paths]


def _missing_parts(paths: Sequence[str]) -> List[str]:
    """Returns the names of the parts that are in no file."""
    folder = os.path.dirname(paths[0])
    return [name for name in _parts(paths) if not os.path.exists(os.path.join(folder, name))]


def _parts(paths: Sequence[str]) -> List[str]:
    """Returns the names of all parts; the names of some say how many there are: `train-00003-of-00005`."""
    matches = (_PART.match(os.path.basename(path)) for path in paths)
    found = [match for match in matches if match]
    wanted = {(match.group(1), match.group(3), match.group(4)): len(match.group(2)) for match in found}
    return ['%s%0*d-of-%s%s' % (head, digits, number, count, tail)
            for (head, count, tail), digits in sorted(wanted.items()) for number in range(int(count))]
