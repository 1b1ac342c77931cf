"""What has been coded, with an account of what its bytes are for."""

from typing import Dict, NamedTuple

from ..model.table import varint

KINDS = ('values', 'indices', 'codebook', 'tables')
"""What bytes are for: numbers or their places in a codebook; where numbers other than zero lie; the codebook itself;
everything that says how to read the others."""

Account = Dict[str, int]
"""Bytes by kind."""


class Coded(NamedTuple):
    """Bytes with their account.

    Attributes:
        content: the bytes.
        account: how many there are of each kind.
    """

    content: bytes
    account: Account


def of_kind(kind: str, content: bytes) -> Coded:
    """Returns bytes that are all for the same."""
    return Coded(content, {kind: len(content)})


def table(*numbers: int) -> Coded:
    """Returns numbers of variable length, which say how to read what follows."""
    return of_kind('tables', b''.join(varint(number) for number in numbers))


def joined(*parts: Coded) -> Coded:
    """Returns some parts in a row."""
    return Coded(b''.join(part.content for part in parts), added(*(part.account for part in parts)))


def added(*accounts: Account) -> Account:
    """Adds accounts up."""
    return {kind: sum(account.get(kind, 0) for account in accounts) for kind in KINDS}


def shortest(*candidates: Coded) -> Coded:
    """Returns the one with the fewest bytes; of equals the first."""
    return min(candidates, key=lambda each: len(each.content))
