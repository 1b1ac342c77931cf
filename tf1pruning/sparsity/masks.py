"""Masks: the weights with the largest magnitudes stay, exactly as many as asked for.

Of units with the same magnitude, those that come first stay. What is not a number counts as larger than any number:
it is not hidden by pruning.
"""

from typing import Dict, List, Mapping, Optional, Union

import numpy as np

from ..weights import WeightTensor
from .structure import Structure, parse_structure
from .tiling import Tiling, tiling_of


def kept_count(size: int, sparsity: float) -> int:
    """Returns how many of some weights, or units, stay: max(round(N (1 − s)), 1)."""
    return max(round(size * (1 - sparsity)), 1)


def mask_of(weights: np.ndarray, structure: Union[str, Structure], sparsity: Optional[float],
            tensor: WeightTensor) -> np.ndarray:
    """Returns which weights of one tensor stay, as a boolean array of its shape.

    The magnitude of a unit of weights is the mean of theirs, so that smaller units at the edges are not at a
    disadvantage. A structure counts units, not weights; a last unit that is smaller counts as one.

    Args:
        weights: what is ranked, such as the tensor's own values.
        structure: or its text, see `parse_structure`.
        sparsity: fraction of zeros in [0, 1); None for `m:n`, that has its own.
        tensor: where its channels lie.

    Raises:
        OptionError: the structure does not exist or does not fit the tensor, or the sparsity is out of its range.
    """
    structure = parse_structure(structure)
    sparsity = structure.sparsity(sparsity)
    tiling = tiling_of(structure, tensor)
    if structure.kind == 'm:n':
        return tiling.whole(_largest_of_rows(tiling.rows(_magnitudes(weights)), structure.sizes[0]))
    scores = _scores(weights, tiling)
    return tiling.whole(_largest(scores, kept_count(scores.size, sparsity))[:, np.newaxis])


def global_masks(weights: Mapping[str, np.ndarray], structure: Union[str, Structure], sparsity: Optional[float],
                 tensors: Mapping[str, WeightTensor]) -> Dict[str, np.ndarray]:
    """Returns which weights stay where those of several tensors compete; none of the tensors loses all.

    Unstructured, max(round(N (1 − s)), 1) of all N weights stay, but at least one for each tensor. Units of a
    structure go, the smallest first, as long as no more weights go than asked for.

    Args:
        weights: what is ranked, by tensor.
        structure: as in `mask_of`.
        sparsity: as in `mask_of`.
        tensors: where the channels lie.

    Raises:
        OptionError: as in `mask_of`.
    """
    structure = parse_structure(structure)
    sparsity = structure.sparsity(sparsity)
    if structure.kind == 'm:n':
        return {name: mask_of(each, structure, None, tensors[name]) for name, each in weights.items()}
    tilings = {name: tiling_of(structure, tensors[name]) for name in weights}
    scores: List[np.ndarray] = []
    for name, each in weights.items():
        scores.append(_scores(each, tilings[name]))
        scores[-1][scores[-1].argmax()] = np.inf
    together = np.concatenate(scores)
    if structure.kind == 'unstructured':
        kept = _largest(together, max(kept_count(together.size, sparsity), len(scores)))
    else:
        sizes = np.concatenate([tiling.weights_per_unit() for tiling in tilings.values()])
        kept = _heaviest(together, sizes, kept_count(int(sizes.sum()), sparsity))
    pieces = np.split(kept, np.cumsum([each.size for each in scores])[:-1])
    return {name: tilings[name].whole(each[:, np.newaxis]) for name, each in zip(weights, pieces)}


def _magnitudes(weights: np.ndarray) -> np.ndarray:
    magnitudes = np.abs(weights)
    magnitudes[np.isnan(magnitudes)] = np.inf
    return magnitudes


def _scores(weights: np.ndarray, tiling: Tiling) -> np.ndarray:
    """Returns the mean magnitude of every unit."""
    rows = tiling.rows(_magnitudes(weights))
    if tiling.columns == 1:
        return rows[:, 0]
    return rows.sum(1, dtype=np.result_type(np.float32, rows.dtype)) / tiling.weights_per_unit()


def _largest(scores: np.ndarray, count: int) -> np.ndarray:
    """Marks the largest of some numbers, exactly so many; of equal ones the first."""
    if count >= scores.size:
        return np.ones(scores.size, bool)
    place = scores.size - count
    least = np.partition(scores, place)[place]
    kept = scores > least
    kept[np.flatnonzero(scores == least)[:count - np.count_nonzero(kept)]] = True
    return kept


def _largest_of_rows(rows: np.ndarray, count: int) -> np.ndarray:
    """Marks the largest of every row, exactly so many; of equal ones the first."""
    kept = np.zeros(rows.shape, bool)
    np.put_along_axis(kept, np.argsort(-rows, axis=1, kind='stable')[:, :count], True, 1)
    return kept


def _heaviest(scores: np.ndarray, sizes: np.ndarray, count: int) -> np.ndarray:
    """Marks units but for those of the smallest scores, as long as so many weights stay; what is infinite stays."""
    order = np.argsort(scores[::-1], kind='stable')
    gone = scores.size - 1 - order[np.cumsum(sizes[::-1][order]) <= int(sizes.sum()) - count]
    kept = np.ones(scores.size, bool)
    kept[gone] = False
    return kept | np.isinf(scores)
