"""What a program's own functions give back to the loop: measurements, checkpoints, models. Each is checked."""

import math
import os
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, Union

import numpy as np

from ..errors import ModelError, OptionError
from ..model.checkpoint import resolve_prefix
from ..model.model import Model
from ..network import Network
from ..passes.to_inference import to_inference

Evaluate = Callable[[str], Union[float, Mapping[str, float]]]
"""Measures a checkpoint on validation images: `accuracy`, and whatever else is to be in the history; or a number, the
accuracy."""
OWN_NAMES = frozenset(('step', 'kind', 'value', 'retry', 'accepted', 'checkpoint', 'plan', 'pb', 'kept', 'macs',
                       'parameters', 'seconds', 'failed_rate', 'failed_by_layer'))
"""What the loop itself notes in a row of the history."""
Shape = Optional[Tuple[int, ...]]


def measured(evaluate: Evaluate, checkpoint: str) -> Dict[str, float]:
    """Returns what a checkpoint measures, as plain numbers; what is none (arrays, summaries) is left out.

    Raises:
        OptionError: there is no accuracy among it, or it is no number from 0 to 1; or a name is one of the loop's own.
    """
    returned = evaluate(checkpoint)
    given = returned if isinstance(returned, Mapping) else {'accuracy': returned}
    own = sorted(OWN_NAMES.intersection(given))
    if own:
        raise OptionError('evaluate must not return %s: the history has its own; give it another name'
                          % ', '.join(own))
    found = {name: float(value) for name, value in given.items() if _is_number(value)}
    if not 0 <= found.get('accuracy', math.nan) <= 1:
        raise OptionError('evaluate must return an accuracy, from 0 to 1; it returned %s' % (found or 'nothing'))
    return found


def _is_number(value: Any) -> bool:
    """Whether it is one real number: Python's, NumPy's, or an array of no dimensions."""
    return isinstance(value, (int, float, np.generic, np.ndarray)) and np.ndim(value) == 0 and (
        np.asarray(value).dtype.kind in 'iuf')


def trained_checkpoint(what: str, folder: Any, network: Network, start: str) -> str:
    """Returns the checkpoint that a function of the program's has trained.

    Args:
        what: the function's name.
        folder: what it returned.
        network: reads checkpoints.
        start: the checkpoint that it was to train.

    Raises:
        OptionError: it has not returned where its checkpoint is.
        ModelError: there is none, or it is one of another network.
    """
    if not isinstance(folder, (str, os.PathLike)):
        raise OptionError('%s must return the folder that it trained in; it returned %r' % (what, folder))
    prefix = resolve_prefix(os.fspath(folder))
    _require_same(what, network.load(start), network.load(prefix))
    return prefix


def recalibrated(recalibrate: Callable[[Model], Model], model: Model) -> Model:
    """Returns a model with other statistics.

    Raises:
        OptionError: the function has not returned a model.
        ModelError: it has returned one of another network.
    """
    changed: Any = recalibrate(model)
    if not isinstance(changed, Model):
        raise OptionError('recalibrate must return the model with its new statistics; it returned %r' % (changed,))
    _require_same('recalibrate', model, changed)
    return changed


def _require_same(what: str, before: Model, after: Model) -> None:
    """Checks that two models have the same parameters.

    Raises:
        ModelError: one is missing, new, or of another shape.
    """
    wanted, found = _parameters(before), _parameters(after)
    for name in sorted({*wanted, *found}):
        if wanted.get(name) != found.get(name):
            raise ModelError('%s left another network than it was given: %s is %s, and was %s; it must train the '
                             'checkpoint that it gets' % (what, name, _spelled(found.get(name)),
                                                          _spelled(wanted.get(name))))


def _parameters(model: Model) -> Dict[str, Shape]:
    """Returns the shapes of the variables that inference needs; a partitioned one is one, however many its parts."""
    return {each.key if each.part is not None else each.node:
            each.part.full_shape if each.part is not None else each.shape
            for each in to_inference(model).variables.values()}


def _spelled(shape: Shape) -> str:
    return 'not there' if shape is None else 'of shape %s' % list(shape)
