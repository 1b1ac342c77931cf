"""Finding files, with messages that say what was looked for."""

import glob
import os
from typing import List, Sequence

from tf1pruning.errors import DataError, OptionError

from ..config import FilesConfig


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
    return paths
