"""Proof that a pass left alone what it had no part in."""

from typing import Collection

import numpy as np

from ..errors import VerificationError
from ..model.model import Model
from ..tf1 import tf


def prove_untouched(before: Model, written: Model, changed: Collection[str]) -> None:
    """Compares a model that was written, and read again, with the one that was given, bit by bit.

    Args:
        before: the given one.
        written: the other.
        changed: the variables and constants that may have other values.

    Raises:
        VerificationError: something else differs; with the first parameter or node that does.
    """
    _prove_graph(before, written, changed)
    if set(before.weights) != set(written.weights):
        raise VerificationError('the parameters %s are in one model only'
                                % ', '.join(sorted(set(before.weights) ^ set(written.weights))[:3]))
    for name in sorted(set(before.weights) - set(changed)):
        if not same_bits(before.value(name), written.value(name)):
            raise VerificationError('%s is not as it was, though it had no part in it' % name)


def same_bits(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two tensors are the same to the last bit: what is not a number is compared, too."""
    if first.dtype.kind in 'OSU':
        return bool(np.array_equal(first, second))
    return first.shape == second.shape and first.dtype == second.dtype and first.tobytes() == second.tobytes()


def bits(values: np.ndarray) -> np.ndarray:
    """Returns the bits of numbers, as numbers."""
    return np.ascontiguousarray(values).view('u%d' % values.dtype.itemsize)


def _prove_graph(before: Model, written: Model, changed: Collection[str]) -> None:
    first, second = before.view.nodes, written.view.nodes
    for name in first:
        constant = name in changed and first[name].op == 'Const'
        if name not in second or not constant and _spelled(first[name]) != _spelled(second[name]):
            raise VerificationError('node %s is not as it was, though it had no part in it' % name)
    if len(first) != len(second):
        raise VerificationError('there are %d nodes where there were %d' % (len(second), len(first)))


def _spelled(node: tf.NodeDef) -> bytes:
    """Returns a node as bytes: a message with a number in it that is none is never equal to itself."""
    return bytes(node.SerializeToString(deterministic=True))
