"""Reading JSON that anybody may have written: what is not of the kind expected counts as absent."""

import json
import math
import os
from typing import Any, Dict, List, Mapping, Optional

from ...errors import ModelError

LARGEST_BYTES = 1 << 28
"""A file above this is no record of a run."""


def read_json(path: str) -> Any:
    """Reads a file.

    Raises:
        ModelError: it is damaged or cannot be read; the message says what to do.
    """
    try:
        if os.path.getsize(path) > LARGEST_BYTES:
            raise ModelError('%s has more than %d bytes: that is no record of a run; move it away'
                             % (path, LARGEST_BYTES))
        with open(path, encoding='utf-8') as stream:
            return json.load(stream)
    except OSError as error:
        raise ModelError('cannot read %s (%s)' % (path, error.strerror)) from error
    except (ValueError, RecursionError) as error:
        raise ModelError('%s is damaged, or no JSON (%s): make it again, or move it away'
                         % (path, str(error)[:100])) from error


def number(value: Any) -> Optional[float]:
    """Returns a finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def whole(value: Any) -> Optional[int]:
    """Returns a whole number from 0, or None."""
    found = number(value)
    return int(found) if found is not None and found >= 0 else None


def text(value: Any) -> str:
    """Returns a text; of anything else than a text or a number, an empty one."""
    return value if isinstance(value, str) else '%g' % value if number(value) is not None else ''


def flag(value: Any) -> Optional[bool]:
    """Returns a truth value, or None."""
    return value if isinstance(value, bool) else None


def mapping(value: Any) -> Dict[str, Any]:
    """Returns an object, or an empty one."""
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else {}


def items(value: Any) -> List[Any]:
    """Returns a list, or an empty one."""
    return value if isinstance(value, list) else []


def counts_by_name(value: Any) -> Dict[str, int]:
    """Returns the whole numbers of an object, by name."""
    found = {name: whole(each) for name, each in mapping(value).items()}
    return {name: each for name, each in found.items() if each is not None}


def numbers_by_name(value: Any) -> Dict[str, float]:
    """Returns the numbers of an object, by name."""
    found = {name: number(each) for name, each in mapping(value).items()}
    return {name: each for name, each in found.items() if each is not None}
