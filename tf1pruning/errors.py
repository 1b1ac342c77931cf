"""The error tree: every message names what was expected, what was found, and what to do."""

import difflib
from typing import Iterable


class PruningError(Exception):
    """Base of all errors a user can mend; the command line prints one line and exits with code 2."""


class ModelError(PruningError, ValueError):
    """A model's files are missing, damaged, or do not belong together."""


class DataError(PruningError, ValueError):
    """Images or labels are missing, damaged, or not what was said of them."""


class NameNotFoundError(PruningError, LookupError):
    """A node, variable or scope name that the model does not have."""

    @classmethod
    def closest(cls, what: str, name: str, known: Iterable[str], hint: str = '') -> 'NameNotFoundError':
        """Makes the error for `name`, with the known names that look most like it."""
        return cls('no %s named %r%s%s' % (what, name, closest_names(name, known), '; ' + hint if hint else ''))


class OptionError(PruningError, ValueError):
    """An argument or flag outside its range."""


class NothingToPruneError(PruningError):
    """A model in which no channel of the scopes asked for can be pruned: no mistake, but nothing to write either."""


class OutputError(PruningError, OSError):
    """A folder that cannot be written, or that holds results already."""


class PlanError(PruningError, ValueError):
    """A pruning plan that does not fit the model, or a file that is not a plan."""


class NotZeroError(PruningError, ValueError):
    """Strip was asked to remove channels that are not zero: the result would differ."""


class UnsupportedError(PruningError, NotImplementedError):
    """A graph holds something that this program refuses to guess about."""


class VerificationError(PruningError, ArithmeticError):
    """Two models that must compute the same do not."""


def closest_names(name: str, known: Iterable[str]) -> str:
    """Returns `'; closest: a, b, c'`, or an empty text where nothing looks alike."""
    names = list(known)
    wanted = name.lower()
    ends = [other for other in names if other.lower().split('/')[-1] == wanted.split('/')[-1]]
    inside = [other for other in names if wanted in other.lower()]
    alike = ends[:3] or difflib.get_close_matches(name, names, 3, 0.5) or inside[:3]
    return '; closest: ' + ', '.join(alike) if alike else ''
