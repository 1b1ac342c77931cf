"""Kernels of every rank, as rows of inputs and columns of filters."""

from typing import Any

import numpy as np
import pytest

from tests.builders import save_network
from tf1pruning.errors import ModelError
from tf1pruning.plan import GroupPlan
from tf1pruning.report.run import filters


def group(axis: int, size: int) -> GroupPlan:
    """A group that one kernel makes."""
    return GroupPlan('block', 'other', ('kernel', axis), size, (0,), 'l1', None, ())


@pytest.mark.parametrize(('shape', 'axis', 'shown'), [
    ((3, 3, 4, 6), 3, (4, 6)), ((3, 3, 6, 1), 2, (1, 6)), ((5, 7), 1, (5, 7)), ((5, 7), 0, (7, 5)),
    ((3, 4, 5), 2, (4, 5)), ((9,), 0, (1, 9))])
def test_shapes(shape: Any, axis: int, shown: Any) -> None:
    kernel = np.ones(shape)
    np.moveaxis(kernel, axis, 0)[1:3] = 0
    stage = filters._stage('trained', kernel, group(axis, shape[axis]))
    assert stage.magnitudes.shape == shown
    assert (stage.filters, stage.zero) == (shape[axis], 2)
    assert (stage.magnitudes.sum(0) == 0).sum() == 2


def test_large_kernels_are_averaged() -> None:
    """No more than so many rows and columns; the counts stay those of the kernel."""
    kernel = np.arange(1.0, 101 * 1030 + 1).reshape(101, 1030)
    stage = filters._stage('trained', kernel, group(1, 1030))
    assert stage.filters == 1030
    assert stage.magnitudes.shape == (34, 344)
    assert np.isclose(stage.magnitudes[0, 0], kernel[:3, :3].mean())
    assert np.isclose(stage.magnitudes[-1, -1], kernel[99:, 1029:].mean())


def test_values_of_a_checkpoint(tmp_path: Any) -> None:
    """What it lacks is None."""
    saved = save_network('expanded', tmp_path)
    values = filters.values_of(saved.prefix)
    kernel = values('block/expand/kernel')
    assert kernel is not None
    assert kernel.ndim == 4
    assert values('other') is None
    with pytest.raises(ModelError):
        filters.values_of(str(tmp_path / 'none'))
    assert filters.existing({'a': saved.prefix, 'b': str(tmp_path / 'none'), 'c': ''}) == [('a', saved.prefix)]
