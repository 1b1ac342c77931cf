"""Errors are what a caller would catch, and name what looks alike."""

from typing import Type

import pytest

from tf1pruning import errors
from tf1pruning.errors import NameNotFoundError, PruningError, closest_names


@pytest.mark.parametrize(('kind', 'builtin'), [
    (errors.ModelError, ValueError), (errors.NameNotFoundError, LookupError), (errors.OptionError, ValueError),
    (errors.OutputError, OSError), (errors.PlanError, ValueError), (errors.NotZeroError, ValueError),
    (errors.UnsupportedError, NotImplementedError), (errors.VerificationError, ArithmeticError)])
def test_errors_subclass_the_builtin_a_caller_would_catch(kind: Type[Exception], builtin: Type[Exception]) -> None:
    """And one base of our own."""
    with pytest.raises(builtin):
        raise kind('text')
    assert issubclass(kind, PruningError)
    assert str(kind('text')) == 'text'


@pytest.mark.parametrize(('name', 'found'), [
    ('logits', '; closest: net/logits'), ('output', '; closest: outputs'), ('ogit', '; closest: net/logits'),
    ('LOGITS', '; closest: net/logits'), ('zzz', '')])
def test_closest_names(name: str, found: str) -> None:
    """The last segment first, then what looks alike, then what holds it; else nothing."""
    assert closest_names(name, ['net/logits', 'outputs', 'image']) == found


def test_the_message_of_a_name_that_is_not_there() -> None:
    """What, which name, which others, and what to do."""
    error = NameNotFoundError.closest('scope', 'blok', ['block'], 'say all')
    assert str(error) == "no scope named 'blok'; closest: block; say all"
