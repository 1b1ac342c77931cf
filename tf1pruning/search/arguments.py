"""What a loop is given: checked before anything is done, and as its journal remembers it."""

import os
from typing import Any, Callable, Dict, Optional, Sequence

import numpy as np

from ..errors import OptionError
from ..network import Network
from ..ranking import Amount
from .finish import Finish
from .settings import LoopSettings, require_kind

LATER = ('network', 'workflow')
"""Parts of what `remembered` returns that the journals of earlier loops lack."""


def check_arguments(paths: Sequence[Any], network: Any, settings: Any, functions: Sequence[Any], finish: Any) -> None:
    """Checks of what kind the arguments of `prune_loop` are, and the settings.

    Args:
        paths: checkpoint and output.
        network: of the loop.
        settings: of the loop.
        functions: retrain, evaluate and prepare.
        finish: what follows the strip, or None.

    Raises:
        OptionError: one of them is something else, or a setting is out of its range.
    """
    for name, value in zip(('checkpoint', 'output'), paths):
        require_kind(name, value, (str, os.PathLike), 'a path')
    require_kind('network', network, Network, "a Network, such as Network('logits')")
    require_kind('settings', settings, LoopSettings, 'LoopSettings')
    require_kind('finish', finish, (Finish, type(None)), 'a Finish, such as Finish(evaluate)')
    named = [*zip(('retrain', 'evaluate', 'prepare'), functions),
             *(('finish.' + name, value) for name, value in (finish._asdict() if finish is not None else {}).items())]
    for name, value in named:
        optional = name in ('prepare', 'finish.recalibrate', 'finish.finetune')
        if not callable(value) and not (optional and value is None):
            raise OptionError('%s must be a function, not %r' % (name, value))
    settings.check()


def remembered(begin: str, network: Network, settings: LoopSettings, prepare: Optional[Callable[..., Any]],
               finish: Optional[Finish]) -> Dict[str, Any]:
    """Returns what the result depends on, as JSON knows it; a loop goes on only with the same."""
    return {
        'checkpoint': begin, 'outputs': list(network.outputs),
        **{name: _plain(value) for name, value in settings._asdict().items()},
        'network': {'inputs': {name: str(tuple(value)) for name, value in network.inputs.items()},
                    'feeds': {name: str(value) for name, value in network.feeds.items()},
                    'averages': bool(network.averages)},
        'workflow': {'prepare': prepare is not None, 'finish': finish is not None,
                     'recalibrate': finish is not None and finish.recalibrate is not None,
                     'finetune': finish is not None and finish.finetune is not None}}


def _plain(value: Any) -> Any:
    """Returns a setting as JSON knows it."""
    if isinstance(value, Amount):
        return value._asdict()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value
