"""The greedy search on accuracies that are known beforehand: cheapest, within the loss, resumed, backed off."""

from typing import Any, Dict, List, Mapping, Tuple

import numpy as np
import pytest

from tests import builders
from tests.surgery import load
from tf1pruning.errors import DataError
from tf1pruning.lowrank import UNSTRUCTURED
from tf1pruning.lowrank.costs import Counts, Sizes
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.search.decomposition import Kernels
from tf1pruning.search.fixed_loss import Found, require_two_halves, search
from tf1pruning.search.journal import Journal
from tf1pruning.weights.linear_layers import linear_layers

Values = Mapping[str, np.ndarray]


@pytest.fixture(scope='module')
def model(tmp_path_factory: Any) -> Model:
    return to_inference(load(builders.save_network('residual_stage', tmp_path_factory.mktemp('model'))))


class Pretended:
    """Accuracy falls with the sum of the kernels' squared relative errors; counts how often it is asked."""

    def __init__(self, model: Model, slope: float) -> None:
        self._model, self._slope = model, slope
        self.asked = 0

    def __call__(self, values: Values) -> float:
        self.asked += 1
        originals = {name: self._model.value(name) for name in values}
        return 0.9 - self._slope * sum(float(((value - originals[name]) ** 2).sum() / (originals[name] ** 2).sum())
                                       for name, value in values.items())


def kernels_of(model: Model, kind: str) -> Kernels:
    layers, _ = linear_layers(model)
    sizes = {name: Sizes(each.shape, each.positions, each.positions_before) for name, each in layers.items()}
    return Kernels(model, layers, Counts(sizes, 'macs', 4, 64 if kind == 'tucker' else 16), kind, UNSTRUCTURED)


def found(model: Model, kind: str, folder: Any, slopes: Tuple[float, float] = (1, 1)) -> Tuple[Found, List[Pretended]]:
    accuracies = [Pretended(model, slope) for slope in slopes]
    return search(kernels_of(model, kind), accuracies[0], accuracies[1], 3.2,
                  Journal(str(folder / 'journal.json'), {'kind': kind})), accuracies


@pytest.mark.parametrize('kind', ['hybrid', 'tucker', 'spars'])
def test_every_layer_is_as_cheap_as_its_part_of_the_loss_allows(kind: str, model: Model, tmp_path: Any) -> None:
    """The loss is within bounds, and of the ways that were left out none cheaper keeps the accuracy."""
    result, _ = found(model, kind, tmp_path)
    layers = list(result.chosen)
    assert result.searched['before'] - result.searched['after'] <= 3.2
    assert result.reported['after'] == pytest.approx(result.searched['after'])
    assert not result.undone
    decomposed = {name: point for name, point in result.chosen.items() if point is not None}
    assert len(decomposed) >= 4
    costs = kernels_of(model, kind).costs
    for name, point in decomposed.items():
        assert point.cost < costs.dense(name)
        assert point.error ** 2 <= 3.2 / len(layers) + 1e-6 or name != layers[0]
    assert all(point.density == 0 for point in decomposed.values()) == (kind == 'tucker')
    if kind == 'spars':
        assert {point.ranks for point in decomposed.values()} == {(0, 0)}


def test_hybrid_is_no_dearer_for_the_first_layer(model: Model, tmp_path: Any) -> None:
    """It tries what the sparse branch can do alone first."""
    costs: Dict[str, float] = {}
    for kind in ('hybrid', 'spars'):
        (tmp_path / kind).mkdir()
        result, _ = found(model, kind, tmp_path / kind)
        point = next(iter(result.chosen.values()))
        costs[kind] = float('inf') if point is None else point.cost
    assert costs['hybrid'] <= costs['spars']


def test_a_search_goes_on_where_it_was_interrupted(model: Model, tmp_path: Any) -> None:
    """Finished layers are not measured again, and the result is the same."""
    result, first = found(model, 'hybrid', tmp_path)
    again, second = found(model, 'hybrid', tmp_path)
    assert again.chosen == result.chosen
    assert [each.asked for each in second] == [0, 0]

    (tmp_path / 'other').mkdir()
    broken = Pretended(model, 1)

    def failing(values: Values) -> float:
        if broken.asked >= first[0].asked // 2:
            raise KeyboardInterrupt
        return broken(values)

    journal = str(tmp_path / 'other' / 'journal.json')
    with pytest.raises(KeyboardInterrupt):
        search(kernels_of(model, 'hybrid'), failing, broken, 3.2, Journal(journal, {'kind': 'hybrid'}))
    resumed, third = found(model, 'hybrid', tmp_path / 'other')
    assert resumed.chosen == result.chosen
    assert 0 < third[0].asked < first[0].asked


def test_the_last_layers_are_put_back_where_other_examples_lose_more(model: Model, tmp_path: Any) -> None:
    """On the examples that are reported on the loss is three times as large: it must be within bounds there, too."""
    result, _ = found(model, 'hybrid', tmp_path, (1, 3))
    assert result.undone
    assert all(result.chosen[name] is None for name in result.undone)
    assert result.reported['before'] - result.reported['after'] <= 3.2
    kept = [name for name, point in result.chosen.items() if point is not None]
    assert kept
    assert list(result.chosen).index(kept[-1]) < list(result.chosen).index(result.undone[0])


def test_too_few_examples() -> None:
    require_two_halves(2, 1)
    with pytest.raises(DataError, match='1 example cannot be split'):
        require_two_halves(1, 3)


def test_ranks_in_no_order_of_their_costs(model: Model, tmp_path: Any, monkeypatch: Any) -> None:
    """Measured times do not rise with the ranks everywhere: the cheapest is found all the same."""
    expected, _ = found(model, 'tucker', tmp_path)
    ranks = Counts.ranks
    monkeypatch.setattr(Counts, 'ranks', lambda costs, name: ranks(costs, name)[::-1])
    (tmp_path / 'other').mkdir()
    result, _ = found(model, 'tucker', tmp_path / 'other')
    assert {name: point and point.cost for name, point in result.chosen.items()} == {
        name: point and point.cost for name, point in expected.chosen.items()}
