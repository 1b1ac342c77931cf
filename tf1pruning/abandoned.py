"""What processes that were killed while they wrote have left: told from what others are writing, and removed."""

import contextlib
import fcntl
import glob
import os
import shutil
import time

MARK = '.tmp-'
"""What the name of a temporary file or folder has behind that of its target."""
OLD = '.old'
"""At the end of a name: the earlier result, between the two renames of a system that cannot exchange names."""
_RANDOM = 8 * '[a-z0-9_]'
"""What `tempfile` adds."""
_YOUNG_SECONDS = 60


def locked(number: int) -> int:
    """Locks an open file for as long as this process has it open, to be told from what a dead one has left."""
    with contextlib.suppress(OSError):
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return number


def clear_abandoned(target: str) -> None:
    """Removes what processes that were killed have left beside a target: temporaries of its name that nobody locks.

    The earlier result, where one was killed between two renames, is put back. What is younger than a minute stays: its
    process may be about to lock it.
    """
    inside = glob.escape(os.path.join(os.path.dirname(os.path.abspath(target)), os.path.basename(target) + MARK))
    for path in sorted(glob.glob(inside + _RANDOM) + glob.glob(inside + _RANDOM + OLD)):
        with contextlib.suppress(OSError):
            if not os.path.islink(path) and time.time() - os.stat(path).st_ctime > _YOUNG_SECONDS and _is_free(path):
                if path.endswith(OLD) and not os.path.lexists(target):
                    os.rename(path, target)
                elif os.path.isdir(path):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    os.unlink(path)


def _is_free(path: str) -> bool:
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False
    finally:
        os.close(number)
