"""Writing so that an interruption leaves the old or the new, never half."""

import contextlib
import ctypes
import fcntl
import os
import shutil
import tempfile
from typing import BinaryIO, Iterable, Iterator, List, Set, Tuple

from .abandoned import MARK, OLD, clear_abandoned, locked
from .errors import DataError, OutputError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_BUFFER_BYTES = 1 << 16
_HEAD_BYTES = 1 << 12


@contextlib.contextmanager
def atomic_folder(target: str) -> Iterator[str]:
    """Yields a temporary folder beside `target` that takes its place when the block ends without an error.

    Raises:
        OutputError: the place cannot be written.
    """
    target = os.path.realpath(target)
    with _temporary_beside(target) as temporary:
        yield temporary
        with writing(target):
            _replace(temporary, target)


@contextlib.contextmanager
def atomic_files(folder: str) -> Iterator[str]:
    """Yields a temporary folder whose files move into `folder` when the block ends without an error.

    Other files of the folder stay, as links of the same files, so that the folder changes in one step. Where that
    cannot be, since it holds folders or is the one worked in, the files move one by one, `.index` last: a checkpoint
    without its index does not exist for TensorFlow.

    Raises:
        OutputError: the place cannot be written.
    """
    folder = os.path.realpath(folder)
    with _temporary_beside(folder) as temporary:
        yield temporary
        with writing(folder):
            names = set(os.listdir(temporary))
            if os.path.isdir(folder) and (holds(folder, os.curdir) or not _take_along(folder, temporary)):
                _move(names, temporary, folder)
            else:
                _replace(temporary, folder)


@contextlib.contextmanager
def _temporary_beside(target: str) -> Iterator[str]:
    """Yields a new folder next to a target; what is left of it goes, and so do parents made for nothing."""
    made = _missing_parents(target)
    with writing(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        clear_abandoned(target)
        temporary = tempfile.mkdtemp(prefix=os.path.basename(target) + MARK, dir=os.path.dirname(target))
    lock = locked(os.open(temporary, os.O_RDONLY))
    try:
        with writing(target):
            os.chmod(temporary, 0o777 & ~_umask())
        yield temporary
    finally:
        os.close(lock)
        shutil.rmtree(temporary, ignore_errors=True)
        for folder in made:
            with contextlib.suppress(OSError):
                os.rmdir(folder)


@contextlib.contextmanager
def alone_in(folder: str) -> Iterator[None]:
    """Makes a folder and keeps others who ask the same way out of it; what was made for nothing goes.

    Raises:
        OutputError: somebody is in it, or it cannot be made.
    """
    made = _missing_parents(os.path.join(os.path.abspath(folder), os.curdir))
    with writing(folder):
        os.makedirs(folder, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    try:
        with writing(folder):
            _lock_or_refuse(handle)
        yield
    finally:
        os.close(handle)
        for each in made:
            with contextlib.suppress(OSError):
                os.rmdir(each)


def _lock_or_refuse(handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        return


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Turns what the system says against writing into an error that names the place.

    Raises:
        OutputError: the path cannot be written; the message says why.
    """
    try:
        yield
    except BlockingIOError as error:
        raise OutputError('another program works in %s: wait for it, or choose another place' % path) from error
    except OSError as error:
        above = _missing_parents(os.path.abspath(path))
        there = os.path.dirname(above[-1] if above else os.path.abspath(path))
        reason = error.strerror or str(error) if os.path.isdir(there) else there + ' is not a folder'
        raise OutputError('cannot write %s (%s): choose another place' % (path, reason)) from error


def holds(folder: str, path: str) -> bool:
    """Whether a path is a folder or lies in it."""
    real = os.path.realpath(folder)
    return os.path.commonpath([real, os.path.realpath(path)]) == real


def files_below(folder: str) -> List[str]:
    """Returns the files in a folder and below it but hidden ones; links are followed, each folder is seen once."""
    found: List[str] = []
    seen: Set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        if os.path.realpath(place) in seen:
            folders.clear()
            continue
        seen.add(os.path.realpath(place))
        folders[:] = sorted(name for name in folders if not name.startswith('.'))
        found += [os.path.join(place, name) for name in names if not name.startswith('.')]
    return sorted(found)


def content_of(path: str) -> bytes:
    """Reads a file of images, or of what belongs to them.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with open(path, 'rb') as stream:
            return stream.read()
    except OSError as error:
        raise DataError('cannot read %s: %s' % (path, error.strerror)) from error


def check_replaceable(path: str, force: bool, mark: str) -> None:
    """Checks that a file may be written, before the work for it begins.

    Args:
        path: the file.
        force: whether an earlier one is replaced.
        mark: what an earlier one has near its beginning.

    Raises:
        OutputError: something is there that must not be lost.
    """
    if os.path.isdir(path) or not os.path.basename(path):
        raise OutputError('%s is a folder: name a file' % path)
    if not os.path.exists(path):
        return
    if not force:
        raise OutputError('%s exists: choose another file, or replace it with --force' % path)
    with writing(path), open(path, 'rb') as stream:
        head = stream.read(_HEAD_BYTES)
    if mark.encode() not in head:
        raise OutputError('%s is something else than what this command writes: choose another file' % path)


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
    with replacing(path) as (stream,):
        stream.write(content)


@contextlib.contextmanager
def replacing(*paths: str) -> Iterator[Tuple[BinaryIO, ...]]:
    """Yields streams into temporary files, which take their places, in this order, when the block ends without error.

    Raises:
        OutputError: the place cannot be written.
    """
    temporaries: List[str] = []
    try:
        with writing(paths[0]):
            os.makedirs(os.path.dirname(os.path.abspath(paths[0])), exist_ok=True)
            with contextlib.ExitStack() as stack:
                yield tuple(stack.enter_context(_open_beside(path, temporaries)) for path in paths)
            for temporary, path in zip(temporaries, paths):
                os.replace(temporary, path)
    finally:
        for temporary in temporaries:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _open_beside(path: str, temporaries: List[str]) -> BinaryIO:
    """Opens a new file beside another one, and adds its name to a list; no file or link that is there is opened."""
    clear_abandoned(path)
    folder, name = os.path.split(os.path.abspath(path))
    number, temporary = tempfile.mkstemp(prefix=name + MARK, dir=folder)
    temporaries.append(temporary)
    stream = open(locked(number), 'wb', _BUFFER_BYTES)  # noqa: SIM115
    os.chmod(temporary, 0o666 & ~_umask())
    return stream


def _missing_parents(path: str) -> List[str]:
    """Returns the folders above a path that are not there yet, the innermost first."""
    found: List[str] = []
    folder = os.path.dirname(path)
    while not os.path.lexists(folder):
        found.append(folder)
        folder = os.path.dirname(folder)
    return found


def _take_along(folder: str, temporary: str) -> bool:
    """Links the files of a folder into another one, as far as that has no files of the same names.

    Returns:
        Whether all are in there.
    """
    names = [name for name in os.listdir(folder) if not os.path.lexists(os.path.join(temporary, name))]
    if not all(os.path.isfile(os.path.join(folder, name)) for name in names):
        return False
    try:
        for name in names:
            os.link(os.path.join(folder, name), os.path.join(temporary, name), follow_symlinks=False)
    except OSError:  # a file system without links
        return False
    return True


def _move(names: Iterable[str], source: str, target: str) -> None:
    """Moves files from folder to folder, a checkpoint's index last; one that is there already goes first of all."""
    for name in names:
        if name.endswith('.index') and os.path.exists(os.path.join(target, name)):
            os.remove(os.path.join(target, name))
    for name in sorted(names, key=lambda name: (name.endswith('.index'), name == 'checkpoint')):
        os.replace(os.path.join(source, name), os.path.join(target, name))


def _replace(temporary: str, target: str) -> None:
    """Renames a folder over another one; where the system can exchange the two names, in one step."""
    if not os.path.exists(target):
        os.rename(temporary, target)
    elif not _exchange(temporary, target):
        old = temporary + OLD
        os.rename(target, old)
        try:
            os.rename(temporary, target)
        except OSError:
            os.rename(old, target)
            raise
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
