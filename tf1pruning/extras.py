"""Libraries that not everybody needs: imported when something asks for them."""

import importlib
from typing import Any

from .errors import OptionError


def need(module: str, extra: str, what: str) -> Any:
    """Imports an optional library.

    Args:
        module: its name.
        extra: the group of `pyproject.toml` that has it.
        what: what it is needed for, to begin the message with.

    Raises:
        OptionError: it is not installed; the message has the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise OptionError("%s needs %s (%s): pip install 'tf1pruning[%s]', or pip install '.[%s]' in a checkout" % (
            what, module.split('.')[0], error, extra, extra)) from error
