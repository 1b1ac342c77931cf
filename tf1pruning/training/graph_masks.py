"""Masks by magnitude, made by the training graph itself: the same as `sparsity.mask_of` makes of arrays."""

from typing import List, Sequence

import numpy as np

from ..sparsity import Structure
from ..sparsity.tiling import Tiling, tiling_of
from ..tf1 import tf
from ..weights import WeightTensor


def mask_in_graph(weights: tf.Tensor, structure: Structure, sparsity: tf.Tensor, tensor: WeightTensor) -> tf.Tensor:
    """Returns which weights of one tensor stay, as a tensor of truth values.

    Args:
        weights: the values.
        structure: what becomes zero together.
        sparsity: float64; a structure that has its own pays no heed to it.
        tensor: where the channels lie.
    """
    if structure.kind == 'unstructured':
        kept = _largest(tf.reshape(_magnitudes(weights), [-1]), sparsity)
        return tf.reshape(kept, _shape(weights))
    tiling = tiling_of(structure, tensor)
    if structure.kind == 'm:n':
        return tiling.whole(_largest_of_rows(tiling.rows(_magnitudes(weights), tf), structure.sizes[0]), tf)
    return tiling.whole(_largest(_scores(weights, tiling), sparsity)[:, tf.newaxis], tf)


def global_masks_in_graph(weights: Sequence[tf.Tensor], structure: Structure, sparsity: tf.Tensor,
                          tensors: Sequence[WeightTensor]) -> List[tf.Tensor]:
    """Returns which weights stay where those of several tensors compete; none of the tensors loses all."""
    if structure.kind == 'm:n':
        return [mask_in_graph(each, structure, sparsity, tensor) for each, tensor in zip(weights, tensors)]
    tilings = [tiling_of(structure, tensor) for tensor in tensors]
    scores = [_with_one_kept(_scores(each, tiling)) for each, tiling in zip(weights, tilings)]
    together = tf.concat(scores, 0)
    if structure.kind == 'unstructured':
        kept = _largest(together, sparsity, len(scores))
    else:
        kept = _heaviest(together, np.concatenate([tiling.weights_per_unit() for tiling in tilings]), sparsity)
    pieces = tf.split(kept, tf.stack([_size(each) for each in scores]), num=len(scores))
    if structure.kind == 'unstructured':
        return [tf.reshape(piece, _shape(each)) for piece, each in zip(pieces, weights)]
    return [tiling.whole(piece[:, tf.newaxis], tf) for piece, tiling in zip(pieces, tilings)]


def _shape(value: tf.Tensor) -> tf.Tensor:
    """Returns the shape that a value has when it runs: no constant, so that the saved graph can be stripped."""
    return tf.raw_ops.Shape(input=value)


def _size(value: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.Size(input=value)


def _magnitudes(weights: tf.Tensor) -> tf.Tensor:
    magnitudes = tf.abs(weights)
    return tf.where(tf.math.is_nan(magnitudes), tf.fill(_shape(magnitudes), magnitudes.dtype.as_numpy_dtype('inf')),
                    magnitudes)


def _scores(weights: tf.Tensor, tiling: Tiling) -> tf.Tensor:
    """Returns the mean magnitude of every unit."""
    if tiling.columns == 1:
        return tf.reshape(_magnitudes(weights), [-1])
    rows = tiling.rows(_magnitudes(weights), tf)
    rows = tf.cast(rows, tf.float32) if rows.dtype.size < tf.float32.size else rows
    return tf.reduce_sum(rows, 1) / tiling.weights_per_unit().astype(rows.dtype.as_numpy_dtype)


def _kept_count(size: tf.Tensor, sparsity: tf.Tensor, least: int = 1) -> tf.Tensor:
    """Returns max(round(N (1 − s)), least)."""
    return tf.maximum(tf.cast(tf.round(tf.cast(size, tf.float64) * (1 - sparsity)), tf.int32), least)


def _largest(scores: tf.Tensor, sparsity: tf.Tensor, least: int = 1) -> tf.Tensor:
    """Marks the largest of some numbers; of equal ones the first, as `top_k` has it."""
    places = tf.nn.top_k(scores, _kept_count(_size(scores), sparsity, least), sorted=False).indices
    return tf.scatter_nd(places[:, tf.newaxis], tf.raw_ops.OnesLike(x=places), _shape(scores)) > 0


def _largest_of_rows(rows: tf.Tensor, count: int) -> tf.Tensor:
    places = tf.nn.top_k(rows, min(count, int(rows.shape[1])), sorted=False).indices
    return tf.reduce_sum(tf.one_hot(places, int(rows.shape[1]), dtype=tf.int32), 1) > 0


def _with_one_kept(scores: tf.Tensor) -> tf.Tensor:
    """Makes the first of the largest numbers infinite."""
    first = tf.one_hot(tf.argmax(scores), _size(scores), True, False, dtype=tf.bool)
    return tf.where(first, tf.fill(_shape(scores), scores.dtype.as_numpy_dtype('inf')), scores)


def _heaviest(scores: tf.Tensor, sizes: np.ndarray, sparsity: tf.Tensor) -> tf.Tensor:
    """Marks units but for those of the smallest scores, as long as enough weights stay."""
    total = int(sizes.sum())
    order = tf.argsort(scores[::-1], stable=True)
    passed = tf.cumsum(tf.gather(tf.constant(sizes[::-1].astype(np.int32)), order))
    gone = tf.cast(passed <= total - _kept_count(tf.constant(total), sparsity), tf.int32)
    kept = tf.scatter_nd(order[:, tf.newaxis], gone, _shape(scores))[::-1] < 1
    return tf.logical_or(kept, tf.math.is_inf(scores))
