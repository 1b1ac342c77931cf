"""Every parameter alone: the same as evaluating models with these weights; nothing is measured twice."""

from typing import Any, List

import numpy as np
import pytest

from tests import builders
from tests.surgery import load
from tf1pruning.errors import OptionError
from tf1pruning.evaluation import Evaluator, Labelled
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.search.journal import Journal
from tf1pruning.sensitivity import analyse_sensitivity
from tf1pruning.sensitivity.analysis import Alone, ordered_numbers
from tf1pruning.sensitivity.kinds import ChannelKind, Kind, LevelKind
from tf1pruning.sensitivity.picture import _apart, draw_curves
from tf1pruning.sensitivity.results import write_results
from tf1pruning.verify import run
from tf1pruning.weights import with_values


def _setting(folder: Any, make: Any = LevelKind) -> Any:
    model = to_inference(load(builders.save_network('expanded', folder)))
    images = np.random.RandomState(0).uniform(0, 1, (20, 8, 8, 3)).astype(np.float32)
    outputs, = run(model, {'image:0': images})
    return make(model), Labelled({'image:0': images}, outputs.argmax(1))


@pytest.mark.parametrize('make', [LevelKind, ChannelKind])
def test_every_trial_is_that_of_a_model_with_these_weights(tmp_path: Any, make: Any) -> None:
    kind, labelled = _setting(tmp_path, make)
    with Alone(kind, labelled, 8) as here:
        found = analyse_sensitivity(kind, (0.9, 0.5, 0.5), here, Journal(str(tmp_path / 'j.json'), {}))
    assert found.baseline.accuracy == 1
    assert [curve.parameter for curve in found.curves] == list(kind.sizes)
    for curve in found.curves[::2]:
        assert curve.numbers == (0.5, 0.9)
        for number, measured in zip(curve.numbers, curve.measured):
            changed = with_values(kind.model, kind.changed({curve.parameter: number}))
            with Evaluator(changed, labelled) as evaluator:
                assert measured == pytest.approx(evaluator.evaluate(), rel=1e-5)
    assert min(curve.measured[-1].accuracy for curve in found.curves) < 1


class _Counted(Alone):
    """Notes what is tried."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.seen: List[Any] = []

    def one(self, parameter: str, numbers: Any) -> Any:
        self.seen.append((parameter, tuple(numbers)))
        return super().one(parameter, numbers)


def test_an_interrupted_analysis_goes_on(tmp_path: Any) -> None:
    """Trials that were finished are not done again, with other numbers either; the result is the same."""
    kind, labelled = _setting(tmp_path)
    names = list(kind.sizes)
    counts: List[int] = []
    with _Counted(kind, labelled, 8) as here:
        def killed(pending: Any) -> Any:
            for number, found in enumerate(here.tried(pending)):
                if number == 2:
                    raise KeyboardInterrupt
                yield found
        path = str(tmp_path / 'j.json')
        with pytest.raises(KeyboardInterrupt):
            analyse_sensitivity(kind, (0.5, 0.9), here, Journal(path, {}), killed)
        here.seen.clear()
        resumed = analyse_sensitivity(kind, (0.5, 0.9), here, Journal(path, {}), None, counts.append)
        assert [name for name, _ in here.seen] == names[2:]
        assert counts == [4] + [2] * (len(names) - 2)
        here.seen.clear()
        analyse_sensitivity(kind, (0.5, 0.7), here, Journal(path, {}))
        assert here.seen == [(name, (0.7,)) for name in names]
        assert resumed == analyse_sensitivity(kind, (0.5, 0.9), here, Journal(str(tmp_path / 'other.json'), {}))


def test_numbers_in_order() -> None:
    class Bits(LevelKind):
        neutral = 32

        def check(self, number: float) -> None:
            pass
    kind = Bits.__new__(Bits)
    assert ordered_numbers(kind, (1, 8, 4, 4)) == (8, 4, 1)
    kind = LevelKind.__new__(LevelKind)
    assert ordered_numbers(kind, (0.9, 0.1)) == (0.1, 0.9)
    with pytest.raises(OptionError, match='sparsity 1 is not in'):
        ordered_numbers(kind, (0.5, 1.0))


def test_many_changed_tensors_are_not_held_at_once(tmp_path: Any, monkeypatch: Any) -> None:
    """The result does not depend on how many are."""
    kind: Kind
    kind, labelled = _setting(tmp_path)
    name = next(iter(kind.sizes))
    with Alone(kind, labelled, 8) as here:
        together = here.one(name, (0.3, 0.6, 0.9))
        monkeypatch.setattr('tf1pruning.sensitivity.analysis._MOST_BYTES', 0)
        assert here.one(name, (0.3, 0.6, 0.9)) == pytest.approx(together, rel=1e-6)


def test_results(tmp_path: Any) -> None:
    kind, labelled = _setting(tmp_path)
    with Alone(kind, labelled, 8) as here:
        found = analyse_sensitivity(kind, (0.5, 0.9), here, Journal(str(tmp_path / 'j.json'), {}))
    record = write_results(str(tmp_path), found, None, {'model': 'm'})
    lines = (tmp_path / 'sensitivity.csv').read_text().splitlines()
    assert lines[0] == 'parameter,sparsity,accuracy,loss'
    assert len(lines) == 1 + 2 * len(kind.sizes)
    assert lines[1].startswith('stem/kernel,0.5,%.6g' % found.curves[0].measured[0].accuracy)
    assert record['suggestion'] is None
    assert record['parameters'][0]['accuracy'] == [each.accuracy for each in found.curves[0].measured]
    assert (tmp_path / 'sensitivity.png').read_bytes() == draw_curves(found)


def test_names_in_the_picture_do_not_touch() -> None:
    """They stay near the ends of their lines, in the same order, and below the upper edge."""
    ends = [50.0, 50.0, 10.0, 51.0, 99.0, 100.0]
    heights = dict(_apart(ends, 4.0, 100.0))
    ordered = sorted(heights, key=lambda place: heights[place])
    assert [ends[place] for place in ordered] == sorted(ends)
    values = [heights[place] for place in ordered]
    assert min(after - before for before, after in zip(values, values[1:])) >= 4 - 1e-9
    assert heights[2] == 10
    assert max(values) <= 100
    assert max(abs(heights[place] - end) for place, end in enumerate(ends)) <= 5
