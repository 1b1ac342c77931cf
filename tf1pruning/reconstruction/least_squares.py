"""A linear layer fitted to what it put out before, from sums that do not grow with the number of examples."""

from typing import Optional, Tuple

import numpy as np


class Fit:
    """Gathers rows of inputs and outputs, and solves min ‖X·W + b − Y‖² + λ·‖W − W₀‖².

    Args:
        inputs: numbers in a row of X.
        outputs: numbers in a row of Y.
        with_offset: whether there is a b.
    """

    def __init__(self, inputs: int, outputs: int, with_offset: bool) -> None:
        self._with_offset = with_offset
        size = inputs + with_offset
        self._squares = np.zeros((size, size))
        self._products = np.zeros((size, outputs))
        self._total = np.zeros(outputs)
        self.rows = 0

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        """Takes some rows in."""
        rows = np.asarray(x, np.float64)
        if self._with_offset:
            rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
        self._squares += rows.T @ rows
        self._products += rows.T @ y
        self._total += np.square(y.astype(np.float64)).sum(axis=0)
        self.rows += len(rows)

    def solved(self, start: np.ndarray, strength: float) -> Tuple[np.ndarray, Optional[np.ndarray]]:
        """Returns W and b.

        Args:
            start: W₀, `[inputs, outputs]`: what W stays near to where the rows do not tell.
            strength: λ, as a part of the mean square of the inputs.
        """
        first = np.concatenate([start, np.zeros((int(self._with_offset), start.shape[1]))]).astype(np.float64)
        ridge = np.full(len(self._squares), strength * np.trace(self._squares) / len(self._squares))
        ridge[len(start):] = 0.0
        rest = self._products - self._squares @ first
        found = first + np.linalg.solve(self._squares + np.diag(ridge + 1e-12), rest)
        return (found[:-1], found[-1]) if self._with_offset else (found, None)

    def error(self, weights: np.ndarray, offset: Optional[np.ndarray]) -> float:
        """Returns ‖X·W + b − Y‖ / ‖Y‖."""
        whole = weights if offset is None else np.concatenate([weights, offset[np.newaxis]])
        squares = (whole * (self._squares @ whole - 2 * self._products)).sum() + self._total.sum()
        return float(np.sqrt(max(squares, 0.0) / max(self._total.sum(), 1e-30)))
