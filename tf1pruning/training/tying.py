"""Operations on a variable whose weights share values: sums over those that do, and one value for all of them."""

from typing import Callable, Dict

import numpy as np

from ..clustering import Clustered
from ..tf1 import tf
from .masks import assign, dtype_of, read

Change = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""Weights as a vector, their clusters → other weights."""


class Members:
    """Which weights of a variable share a value.

    Attributes:
        weights: the variable's value.
        fill: puts the clusters of single weights in place, fed with `filling`.

    The clusters of single weights are no constant, which would be written into every `graph.pbtxt`, but a variable of
    no collection, so that no checkpoint has it and no initialiser waits for it. Until somebody fills it, or where it
    has another size than the weights when it runs, nothing is changed: so the saved graph can be trained on elsewhere,
    and stripped. It is made of plain operations, since `tf.distribute` would mirror a `tf.Variable`.

    Args:
        variable: the variable.
        clustered: its clusters.
        preserve_sparsity: whether weights of the value zero stay zero.
    """

    def __init__(self, variable: tf.Operation, clustered: Clustered, preserve_sparsity: bool) -> None:
        indices, self._size = clustered.indices.ravel(), clustered.codebook.size
        dtype = dtype_of(variable).as_numpy_dtype
        self._first = np.unique(indices, return_index=True)[1].astype(np.int32)
        self._counts = np.bincount(indices, minlength=self._size).astype(dtype)
        self._moves = ((clustered.codebook != 0) | (not preserve_sparsity)).astype(dtype)
        self._clusters = indices if indices.dtype == np.uint8 else indices.astype(np.int32)
        with variable.graph.colocate_with(variable, ignore_existing=True):
            self.weights = read(variable)
            self._handle = tf.raw_ops.VarHandleOp(
                dtype=self._clusters.dtype, shape=tf.TensorShape(None),
                shared_name=variable.graph.unique_name('shared_weights_clusters', mark_as_used=True))
            self._given = tf.placeholder(self._clusters.dtype, [None])
            self.fill = tf.raw_ops.AssignVariableOp(resource=self._handle, value=self._given)

    @property
    def filling(self) -> Dict[tf.Tensor, np.ndarray]:
        """What to feed where `fill` is run."""
        return {self._given: self._clusters}

    def are_equal(self, weights: np.ndarray) -> bool:
        """Whether all weights that share a value have one."""
        flat = weights.ravel()
        return np.array_equal(flat, flat[self._first][self._clusters])

    def sums(self, gradient: tf.Tensor) -> tf.Tensor:
        """Returns the gradients of the values: for every weight, the sum over all that share its value."""
        return self._changed(gradient, lambda flat, numbers: self._spread(self._sums(flat, numbers), numbers))

    def means(self, gradient: tf.Tensor) -> tf.Tensor:
        """Returns what `sums` does, divided by the number of weights that share the value."""
        return self._changed(gradient, lambda flat, numbers: self._spread(
            self._sums(flat, numbers) / self._counts, numbers))

    def tie_to_first(self, variable: tf.Operation) -> tf.Operation:
        """Gives all that share a value that of one of them."""
        return self._tied(variable, lambda flat, numbers: self._spread(tf.gather(flat, self._first), numbers))

    def tie_to_mean(self, variable: tf.Operation) -> tf.Operation:
        """Gives all that share a value the mean of them: exactly the same where they are equal."""
        def mean(flat: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
            first = tf.gather(flat, self._first)
            return self._spread(first + self._sums(flat - tf.gather(first, numbers), numbers) / self._counts, numbers)
        return self._tied(variable, mean)

    def _sums(self, flat: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
        return tf.math.unsorted_segment_sum(flat, numbers, self._size)

    def _spread(self, values: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
        return tf.gather(tf.math.multiply_no_nan(values, self._moves), numbers)

    def _tied(self, variable: tf.Operation, change: Change) -> tf.Operation:
        with variable.graph.colocate_with(variable, ignore_existing=True):
            return assign(variable, self._changed(read(variable), change))

    def _changed(self, weights: tf.Tensor, change: Change) -> tf.Tensor:
        """Returns changed weights if the clusters are there."""
        shape = tf.raw_ops.Shape(input=weights)

        def filled() -> tf.Tensor:
            numbers = tf.raw_ops.ReadVariableOp(resource=self._handle, dtype=self._clusters.dtype)
            fitting = tf.equal(tf.raw_ops.Size(input=numbers), tf.raw_ops.Size(input=weights))
            return tf.cond(fitting, lambda: tf.reshape(change(
                tf.reshape(weights, [-1]), tf.reshape(tf.cast(numbers, tf.int32), [-1])), shape),
                lambda: tf.identity(weights))
        return tf.cond(tf.raw_ops.VarIsInitializedOp(resource=self._handle), filled, lambda: tf.identity(weights))
