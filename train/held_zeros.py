"""The hooks that keep the zeros of an imported network while it trains on."""

import logging
from typing import Dict, List, NamedTuple

import numpy as np

from tf1pruning.network import Network
from tf1pruning.tf1 import tf
from tf1pruning.training import ConstantSparsity, HoldZeros, MagnitudePruning, to_training
from tf1pruning.weights import weight_tensors

from .config import ImportedConfig
from .models.imported import source_of

_LOG = logging.getLogger(__name__)


def held_zeros(config: ImportedConfig, network: Network) -> List[tf.train.SessionRunHook]:
    """Returns the hooks that keep zero what is zero in a checkpoint's weight tensors; none where nothing is.

    The mask that leaves the largest weights, as many as are not zero, is that of the zeros. It is made once, before the
    first update, and saved with the checkpoints.

    Args:
        config: the checkpoint that the training begins with.
        network: which part of the training's graph is the network.

    Raises:
        ModelError: there is no such checkpoint, or it has no variables.
    """
    found = _zeros_of(config)
    _LOG.info('%d weight tensors with zeros: %d of their %d weights, which stay zero', len(found),
              sum(each.zeros for each in found.values()), sum(each.size for each in found.values()))
    whole = {name: {0: np.arange(each.rows)} for name, each in found.items() if each.zeros == each.size}
    schedules = {name: ConstantSparsity(end=0, sparsity=each.zeros / each.size) for name, each in found.items()
                 if name not in whole}
    hooks: List[tf.train.SessionRunHook] = []
    if schedules:
        hooks.append(MagnitudePruning(network, schedules))
    if whole:
        hooks.append(HoldZeros(whole))
    return hooks


class _Zeros(NamedTuple):
    """How many weights of a tensor are zero, of how many, and how long its first axis is."""

    zeros: int
    size: int
    rows: int


def _zeros_of(config: ImportedConfig) -> Dict[str, _Zeros]:
    """Returns the weight tensors that are trained and have zeros."""
    model = to_training(source_of(config))
    found: Dict[str, _Zeros] = {}
    for name in weight_tensors(model):
        if name in model.variables and model.variables[name].trainable:
            value = model.weights[name]
            zeros = value.size - np.count_nonzero(value)
            if zeros:
                found[name] = _Zeros(zeros, value.size, len(value))
    return found
