"""Writing so that an interruption leaves the old or the new, never half."""

import contextlib
import ctypes
import os
import shutil
import tempfile
from typing import Iterator

from .errors import OutputError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextlib.contextmanager
def atomic_folder(target: str, keep: bool = False) -> Iterator[str]:
    """Yields a temporary folder beside `target` that takes its place when the block ends without an error.

    Args:
        target: the folder to write; its parents are made.
        keep: whether files that are in `target` already stay (they are hard-linked, not copied).

    Raises:
        OutputError: the place cannot be written.
    """
    target = os.path.abspath(target)
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        temporary = tempfile.mkdtemp(prefix=os.path.basename(target) + '.tmp-', dir=os.path.dirname(target))
        os.chmod(temporary, 0o777 & ~_umask())
    except OSError as error:
        raise OutputError('cannot write to %s: %s' % (os.path.dirname(target), error.strerror)) from error
    try:
        if keep and os.path.isdir(target):
            shutil.copytree(target, temporary + '/old', copy_function=_link)
            for name in os.listdir(temporary + '/old'):
                os.rename(os.path.join(temporary, 'old', name), os.path.join(temporary, name))
            os.rmdir(temporary + '/old')
        yield temporary
        _replace(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: str, text: str) -> None:
    """Writes a file through a temporary one beside it.

    Raises:
        OutputError: the place cannot be written.
    """
    write_bytes(path, text.encode('utf-8'))


def write_bytes(path: str, content: bytes) -> None:
    """Writes a file through a temporary one beside it; an existing hard link keeps its old content.

    Raises:
        OutputError: the place cannot be written.
    """
    temporary = '%s.tmp-%d' % (path, os.getpid())
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(temporary, 'wb') as stream:
            stream.write(content)
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError('cannot write %s: %s' % (path, error.strerror)) from error


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _replace(temporary: str, target: str) -> None:
    """Renames a folder over another one; where the system can exchange the two names, in one step."""
    if not os.path.exists(target):
        os.rename(temporary, target)
    elif not _exchange(temporary, target):
        old = temporary + '.old'
        os.rename(target, old)
        os.rename(temporary, target)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(first: str, second: str) -> bool:
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    result = rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE)
    return int(result) == 0


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
