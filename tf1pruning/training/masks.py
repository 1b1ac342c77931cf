"""Small operations that set slices of a variable to zero, for ref and resource variables alike."""

from typing import List, Mapping

import numpy as np

from ..tf1 import tf
from .updates import shape_of


def slice_masks(variable: tf.Operation, indices: Mapping[int, np.ndarray]) -> List[tf.Tensor]:
    """Returns one mask per axis, 0 at `indices` and 1 elsewhere, that broadcasts over the other axes.

    Never the product of them: it would have the variable's size and be written into every `graph.pbtxt`.
    """
    shape = shape_of(variable)
    masks = []
    with variable.graph.colocate_with(variable, ignore_existing=True):
        for axis, pruned in sorted(indices.items()):
            mask = np.ones(shape[axis])
            mask[pruned] = 0
            wide = [-1 if each == axis else 1 for each in range(len(shape))]
            masks.append(tf.constant(mask.reshape(wide), _dtype(variable), name='mask'))
    return masks


def zero_slices(variable: tf.Operation, masks: List[tf.Tensor]) -> tf.Operation:
    """Returns an operation that multiplies a variable by masks; what they zero may be infinite or not a number."""
    with variable.graph.colocate_with(variable, ignore_existing=True):
        return _assign(variable, masked(_read(variable), masks))


def fill_slices_with_ones(variable: tf.Operation, masks: List[tf.Tensor]) -> tf.Operation:
    """Returns an operation that sets to one what `masks` zero."""
    with variable.graph.colocate_with(variable, ignore_existing=True):
        value = _read(variable)
        kept = masked(tf.ones_like(value), masks)
        return _assign(variable, masked(value, masks) + (1 - kept))


def masked(value: tf.Tensor, masks: List[tf.Tensor]) -> tf.Tensor:
    """Returns a value with slices set to zero; these may be infinite or not a number."""
    for mask in masks:
        value = tf.math.multiply_no_nan(value, mask)
    return value


def _dtype(variable: tf.Operation) -> tf.DType:
    return tf.as_dtype(variable.get_attr('dtype'))


def _read(variable: tf.Operation) -> tf.Tensor:
    handle = variable.outputs[0]
    if variable.type == 'VarHandleOp':
        return tf.raw_ops.ReadVariableOp(resource=handle, dtype=_dtype(variable))
    return tf.identity(handle)


def _assign(variable: tf.Operation, value: tf.Tensor) -> tf.Operation:
    handle = variable.outputs[0]
    if variable.type == 'VarHandleOp':
        return tf.raw_ops.AssignVariableOp(resource=handle, value=value)
    return tf.raw_ops.Assign(ref=handle, value=value, validate_shape=True, use_locking=True).op
