"""Pictures of filters."""

import base64
import io

import numpy as np
import pytest

from tf1pruning.report.page.heat_maps import heat_maps, png
from tf1pruning.report.run.filters import Kernel, Stage


def test_zero_is_transparent_and_nothing_else() -> None:
    """Read by somebody else's decoder: stronger weights are more opaque."""
    image = pytest.importorskip('PIL.Image')
    levels = np.array([[0.0, 1e-6, 0.25], [1.0, 2.0, np.nan]])
    alpha = np.asarray(image.open(io.BytesIO(png(levels))).convert('RGBA'))[..., 3]
    assert alpha.shape == (2, 3)
    assert alpha[0, 0] == 0
    assert 0 < alpha[0, 1] < alpha[0, 2] < alpha[1, 0] == alpha[1, 1] == alpha[1, 2] == 255


def test_stages_share_scale_and_width() -> None:
    """A stripped kernel is as much narrower as it has fewer filters."""
    full = np.ones((2, 8))
    kernel = Kernel('block', 'kernel', (Stage('trained', 8, 0, full), Stage('stripped', 2, 0, full[:, :2] / 4)))
    trained, stripped = heat_maps([kernel])[0].maps
    assert (trained.part, stripped.part) == (100.0, 25.0)
    assert base64.b64decode(trained.image.split(',')[1]) == png(full)
    assert base64.b64decode(stripped.image.split(',')[1]) == png(full[:, :2] / 4)


def test_a_kernel_of_zeros() -> None:
    zeros = heat_maps([Kernel('block', 'kernel', (Stage('trained', 3, 3, np.zeros((2, 3))),))])[0].maps[0]
    assert base64.b64decode(zeros.image.split(',')[1]) == png(np.zeros((2, 3)))
