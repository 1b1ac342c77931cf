"""Reading JSON that somebody else may have written: whatever is wrong with it is one kind of error."""

import json
from typing import Any

_MOST_DIGITS = 400
"""Python takes a second for a whole number of half a million digits, and four times as long for twice as many."""


def load_json(path: str) -> Any:
    """Reads a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, too deep, or has a number that is too long.
    """
    with open(path, encoding='utf-8') as stream:
        return parse_json(stream.read())


def parse_json(text: str) -> Any:
    """Reads a text.

    Raises:
        ValueError: as in `load_json`.
    """
    try:
        return json.loads(text, parse_int=_number)
    except RecursionError as error:
        raise ValueError('it is nested too deep') from error


def _number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError('a number has %d digits' % len(digits))
    return int(digits)
