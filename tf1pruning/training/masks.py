"""Small operations that set slices of a variable to zero, for ref and resource variables alike."""

from typing import List, Mapping

import numpy as np

from ..tf1 import tf
from .updates import OWN_ASSIGNMENTS, shape_of


def slice_masks(variable: tf.Operation, indices: Mapping[int, np.ndarray]) -> List[tf.Tensor]:
    """Returns one mask per axis, 0 at `indices` and 1 elsewhere, that broadcasts over the other axes.

    Never the product of them: it would have the variable's size and be written into every `graph.pbtxt`. A mask turns
    into ones where the axis has another size when it runs: the saved graph can then be stripped, as training graphs
    are, and go on training; what the mask held at zero is gone, and the numbers mean other channels.
    """
    masks = []
    with variable.graph.colocate_with(variable, ignore_existing=True):
        sizes = tf.raw_ops.Shape(input=read(variable))
        for axis, pruned in sorted(indices.items()):
            mask = np.ones(shape_of(variable)[axis], dtype_of(variable).as_numpy_dtype)
            mask[pruned] = 0
            masks.append(tf.reshape(for_size(sizes[axis:axis + 1], mask, 1), broadcast_shape(variable, axis)))
    return masks


def for_size(size: tf.Tensor, values: np.ndarray, most: int) -> tf.Tensor:
    """Returns a vector of values where it has its size when it runs, else as many as that of the largest value.

    It runs for every mask in every training step, so it is as few operations as can be.

    Args:
        size: a vector of one number, at most how many values there are.
        values: what a vector of the full size holds.
        most: what a shorter one holds; no value is above it.
    """
    shorter = most * tf.cast(tf.not_equal(size, values.size), values.dtype)
    return tf.maximum(tf.slice(tf.constant(values), [0], size), shorter)


def broadcast_shape(variable: tf.Operation, axis: int) -> List[int]:
    """Returns the shape that one number for each index along an axis needs so that it broadcasts over the others."""
    return [-1 if each == axis else 1 for each in range(len(shape_of(variable)))]


def zero_slices(variable: tf.Operation, masks: List[tf.Tensor]) -> tf.Operation:
    """Returns an operation that multiplies a variable by masks; what they zero may be infinite or not a number."""
    with variable.graph.colocate_with(variable, ignore_existing=True):
        return assign(variable, masked(read(variable), masks))


def fill_slices_with_ones(variable: tf.Operation, masks: List[tf.Tensor]) -> tf.Operation:
    """Returns an operation that sets to one what `masks` zero."""
    with variable.graph.colocate_with(variable, ignore_existing=True):
        value = read(variable)
        kept = masked(tf.raw_ops.OnesLike(x=value), masks)  # tf.ones_like is a constant, of the size before strip
        return assign(variable, masked(value, masks) + (1 - kept))


def masked(value: tf.Tensor, masks: List[tf.Tensor]) -> tf.Tensor:
    """Returns a value with slices set to zero; these may be infinite or not a number."""
    for mask in masks:
        value = tf.math.multiply_no_nan(value, mask)
    return value


def dtype_of(variable: tf.Operation) -> tf.DType:
    """Returns the type of a variable's value."""
    return tf.as_dtype(variable.get_attr('dtype'))


def read(variable: tf.Operation) -> tf.Tensor:
    """Returns the value of a `VariableV2` or `VarHandleOp`."""
    handle = variable.outputs[0]
    if variable.type == 'VarHandleOp':
        return tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype_of(variable))
    return tf.identity(handle)


def assign(variable: tf.Operation, value: tf.Tensor) -> tf.Operation:
    """Returns an operation that gives a variable a value, and that is no update of training's own."""
    handle = variable.outputs[0]
    if variable.type == 'VarHandleOp':
        made = tf.raw_ops.AssignVariableOp(resource=handle, value=value)
    else:
        made = tf.raw_ops.Assign(ref=handle, value=value, validate_shape=True, use_locking=True).op
    variable.graph.add_to_collection(OWN_ASSIGNMENTS, made)
    return made
