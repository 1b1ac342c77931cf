"""The picture of a decomposition."""

import warnings
from typing import Any

import pytest

from tests import builders
from tests.surgery import load
from tf1pruning.lowrank import UNSTRUCTURED
from tf1pruning.lowrank.costs import Counts, Sizes
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.report.rate_distortion import PICTURE, draw_rate_distortion
from tf1pruning.search.decomposition import Kernels
from tf1pruning.weights.linear_layers import linear_layers


def test_drawn_by_what_matplotlib_keeps(tmp_path: Any) -> None:
    """Nothing that is deprecated, which newer versions lack."""
    pytest.importorskip('matplotlib')
    model = to_inference(load(builders.save_network('mobilenet_v2', tmp_path)))
    layers = dict(list(linear_layers(model)[0].items())[:2])
    sizes = {name: Sizes(each.shape, each.positions, each.positions_before) for name, each in layers.items()}
    kernels = Kernels(model, layers, Counts(sizes, 'macs', 4), 'spars', UNSTRUCTURED)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        assert draw_rate_distortion(str(tmp_path / PICTURE), kernels, dict.fromkeys(layers)) == PICTURE
    assert not [each for each in caught if 'get_cmap' in str(each.message)]
    assert (tmp_path / PICTURE).stat().st_size > 1000
