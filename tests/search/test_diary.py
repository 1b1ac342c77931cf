"""What a loop leaves to look at."""

import numpy as np
import pytest

from tf1pruning.search.diary import filter_norms


@pytest.mark.parametrize(('shape', 'axes'), [
    ((3, 3, 4, 6), (0, 1, 2)), ((3, 3, 4, 1), (0, 1, 3)), ((3, 3, 4, 2), (0, 1, 2)), ((5, 1), (0,)), ((5, 7), (0,))])
def test_a_norm_for_every_filter(shape: tuple, axes: tuple) -> None:
    kernel = np.random.RandomState(0).rand(*shape)
    np.testing.assert_allclose(filter_norms(kernel), np.sqrt((kernel ** 2).sum(axis=axes)))
