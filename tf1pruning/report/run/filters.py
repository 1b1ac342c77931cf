"""The kernels of a plan's groups at every stage: trained, soft-pruned, retrained, stripped."""

import os
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ...errors import ModelError, NameNotFoundError
from ...model.checkpoint import open_checkpoint, resolve_prefix
from ...model.frozen import load_frozen
from ...plan import GroupPlan, PruningPlan

MOST_KERNELS = 24
"""So many groups are shown, those that lose most first."""
_ROWS, _COLUMNS = 48, 512
"""Kernels that are larger are shown in less detail."""
Values = Callable[[str], Optional[np.ndarray]]


class Stage(NamedTuple):
    """A kernel at one stage.

    Attributes:
        name: of the stage.
        filters: how many it has.
        zero: how many of them are zero.
        magnitudes: mean |w|, `[inputs, filters]`; of a large kernel, means of neighbours.
    """

    name: str
    filters: int
    zero: int
    magnitudes: np.ndarray


class Kernel(NamedTuple):
    """The kernel that makes the channels of a group.

    Attributes:
        group: name of the group.
        parameter: name of the kernel.
        stages: in the order of the run.
    """

    group: str
    parameter: str
    stages: Tuple[Stage, ...]


def read_kernels(plan: PruningPlan, stages: Sequence[Tuple[str, str]]) -> List[Kernel]:
    """Reads the kernels of a plan's groups.

    Args:
        plan: says which.
        stages: name and path of a model for each stage.

    Raises:
        PruningError: a model is damaged.
    """
    readers = [(name, values_of(path)) for name, path in stages]
    found = []
    for group in sorted(plan.groups, key=lambda group: -len(group.pruned))[:MOST_KERNELS]:
        kernels = [(name, values(group.anchor[0])) for name, values in readers]
        shown = tuple(_stage(name, array, group) for name, array in kernels
                      if array is not None and group.anchor[1] < array.ndim)
        if shown:
            found.append(Kernel(group.name, group.anchor[0], shown))
    return found


def values_of(path: str) -> Values:
    """Opens a checkpoint or a frozen graph for reading values by name; what it does not have is None.

    Raises:
        ModelError: it is missing or damaged.
    """
    if os.path.isfile(path) and path.endswith('.pb'):
        model = load_frozen(path)
        return lambda name: model.value(name) if model.view.op(name) == 'Const' else None
    stored = open_checkpoint(resolve_prefix(path))
    return lambda name: stored.value(name).array() if name in stored.shapes else None


def _stage(name: str, array: np.ndarray, group: GroupPlan) -> Stage:
    magnitudes = np.moveaxis(np.abs(array.astype(np.float32)), group.anchor[1], -1)
    if magnitudes.ndim > 2:  # the window lies before the channels
        magnitudes = magnitudes.mean(tuple(range(magnitudes.ndim - 2)))
    magnitudes = magnitudes.reshape(-1, magnitudes.shape[-1])
    zero = int((magnitudes.max(0) == 0).sum()) if magnitudes.size else 0
    return Stage(name, magnitudes.shape[1], zero, _reduced(_reduced(magnitudes, _ROWS).T, _COLUMNS).T)


def _reduced(rows: np.ndarray, most: int) -> np.ndarray:
    """Takes means of neighbouring rows until there are at most so many."""
    step = -(-rows.shape[0] // most)
    if step <= 1:
        return rows
    starts = np.arange(0, rows.shape[0], step)
    counts = np.diff(np.append(starts, rows.shape[0]))[:, None]
    return np.asarray(np.add.reduceat(rows, starts, axis=0) / counts)


def existing(stages: Dict[str, str]) -> List[Tuple[str, str]]:
    """Returns the stages whose models are there."""
    found = []
    for name, path in stages.items():
        try:
            there = bool(path) and (path.endswith('.pb') and os.path.isfile(path) or bool(resolve_prefix(path)))
        except (ModelError, NameNotFoundError):
            there = False
        if there:
            found.append((name, path))
    return found
