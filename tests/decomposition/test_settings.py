"""Reports that were edited by hand, damaged files of times, numbers that are not finite: one line each."""

import json
import os
from typing import Any

import numpy as np
import pytest

from tests import builders
from tests.planted import changed
from tests.surgery import load
from tf1pruning.decomposition import DecomposeOrder, decomposed
from tf1pruning.decomposition.settings import settings_of
from tf1pruning.errors import ModelError, OptionError
from tf1pruning.evaluation import Labelled
from tf1pruning.latency.layers import LayerTimes
from tf1pruning.lowrank import UNSTRUCTURED
from tf1pruning.lowrank.costs import Costs, Counts, Sizes
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.search.decomposition import Kernels
from tf1pruning.weights.linear_layers import linear_layers

NAME = 'unit_0/first/kernel'


@pytest.fixture(scope='module')
def model(tmp_path_factory: Any) -> Model:
    return to_inference(load(builders.save_network('residual_stage', tmp_path_factory.mktemp('model'))))


def kernels_of(model: Model, costs: Any = None) -> Kernels:
    layers, _ = linear_layers(model)
    counts: Costs = Counts({name: Sizes(each.shape, each.positions, each.positions_before)
                            for name, each in layers.items()}, 'macs', 4)
    return Kernels(model, layers, costs or counts, 'hybrid', UNSTRUCTURED)


def written(folder: Any, ranks: Any, density: Any) -> str:
    path = os.path.join(str(folder), 'settings.json')
    with open(path, 'w') as stream:
        json.dump({'layers': {NAME: {'ranks': ranks, 'density': density}}}, stream)
    return path


@pytest.mark.parametrize(('ranks', 'density', 'message'), [
    (['4', '4'], 0, 'ranks are two whole numbers or null'), ([4], 0, 'two whole numbers'), ([], 0, 'two whole numbers'),
    ([4, 4, 4], 0, 'two whole numbers'), ([2.5, 2.5], 0, 'two whole numbers'), ([True, True], 0, 'two whole numbers'),
    ('44', 0, 'two whole numbers'), ([4, 4], '0', 'a density is a number'), ([4, 4], True, 'a density is a number'),
    pytest.param([4, 4], 10 ** 399, 'is no report of decompose', id='long')])
def test_what_no_report_has(model: Model, tmp_path: Any, ranks: Any, density: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        settings_of(written(tmp_path, ranks, density), kernels_of(model))
    assert 'is no report of decompose' in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_a_report_has(model: Model, tmp_path: Any) -> None:
    kernels = kernels_of(model)
    point = settings_of(written(tmp_path, [4, 4], 0.25), kernels)[NAME]
    assert point is not None
    assert (point.ranks, point.density) == ((4, 4), 0.25)
    assert settings_of(written(tmp_path, None, 0), kernels)[NAME] is None


def test_what_is_not_faster(model: Model, tmp_path: Any) -> None:
    """A sparse branch is a dense convolution to the runtime: its cost would be infinite, which JSON does not have."""
    kernels = kernels_of(model, LayerTimes(model, linear_layers(model)[0]))
    with pytest.raises(OptionError, match=NAME + ': ranks 4 and 4 with a density of 0.5 do not make it faster'):
        settings_of(written(tmp_path, [4, 4], 0.5), kernels)


@pytest.mark.parametrize('number', [np.nan, np.inf])
def test_weights_that_are_not_finite(model: Model, number: float) -> None:
    def change(name: str, array: np.ndarray) -> None:
        if name == NAME:
            array[0, 0, 0, 0] = number
    kernels = kernels_of(changed(model, change))
    assert np.isfinite(kernels.kernel('unit_0/second/kernel')).all()
    with pytest.raises(ModelError, match=NAME + ' has weights that are not finite; leave it out with --exclude'):
        kernels.spectrum(NAME)


def test_what_is_computed_is_not_finite(model: Model, tmp_path: Any) -> None:
    """There is no accuracy that a search could keep; a network that computes numbers is searched."""
    def change(name: str, array: np.ndarray) -> None:
        if name.endswith('beta'):
            array[:] = np.nan
    labelled = Labelled({'image:0': np.ones((4, *builders.IMAGE[1:]), np.float32)}, np.zeros(4, np.int64))
    order = DecomposeOrder('fixed_loss', layers=(NAME,))
    with pytest.raises(ModelError, match='numbers that are not finite for some of the examples: there is no accuracy'):
        decomposed(changed(model, change), order, labelled)
    assert decomposed(model, order, labelled, journal=str(tmp_path / 'journal.json')).found is not None
