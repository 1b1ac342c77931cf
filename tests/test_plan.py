"""What goes: thresholds, ratios, alignment; plans as files, on siblings and on strangers."""

import json
from typing import Any, List, Optional

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from tests.surgery import channels_of
from tf1pruning.channels import Channels
from tf1pruning.choice import choose
from tf1pruning.criteria import CRITERIA
from tf1pruning.errors import OptionError, PlanError
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.plan import PruningPlan, plan_from_channels, pruned_slices
from tf1pruning.ranking import Amount, aligned


@pytest.fixture(scope='module')
def channels(tmp_path_factory: Any) -> Channels:
    """Analysis of one inverted residual; group `block` has 24 channels."""
    return channels_of(builders.save_network('expanded', tmp_path_factory.mktemp('plan')))


@pytest.mark.parametrize(('size', 'remaining', 'align', 'up', 'expected'), [
    (24, 24, 4, True, 24), (24, 23, 4, True, 24), (24, 21, 4, True, 24), (24, 20, 4, True, 20), (24, 1, 4, True, 4),
    (24, 0, 4, True, 4), (24, 12, 4, False, 12), (24, 13, 4, False, 12), (24, 14, 4, False, 16), (24, 0, 4, False, 4),
    (3, 1, 4, True, 3), (3, 0, 4, True, 3), (22, 21, 4, True, 22), (22, 20, 4, True, 20), (22, 11, 8, False, 8),
    (5, 2, 1, True, 2), (1, 0, 1, True, 1)])
def test_aligned(size: int, remaining: int, align: int, up: bool, expected: int) -> None:
    """What remains is a multiple, at least one, and never more than there are."""
    assert aligned(size, remaining, align, round_up=up) == expected


@given(st.integers(1, 300), st.integers(0, 300), st.integers(1, 64), st.booleans())
def test_aligned_holds_for_all(size: int, remaining: int, align: int, up: bool) -> None:
    """A multiple or everything; at least one; rounded up never less than asked."""
    found = aligned(size, remaining, align, round_up=up)
    assert 1 <= found <= size
    assert found % align == 0 or found == size
    if up:
        assert found >= min(remaining, size)
    elif 0 < remaining < size and align <= size and found != size:
        assert abs(found - remaining) <= align


def scored(channels: Channels, monkeypatch: Any, scores: List[float], **options: Any) -> List[int]:
    """Channels of `block` that go, for given scores."""
    monkeypatch.setitem(CRITERIA, 'fixed', lambda channels, group: [np.array(scores)])
    group = next(group for group in channels.groups if group.name == 'block')
    assert len(scores) == group.size
    return list(choose(channels, [group], Amount(**options), 'fixed').groups[0].pruned)


ASCENDING = [number / 24 for number in range(24)]  # channel 23 is the most redundant


@pytest.mark.parametrize(('threshold', 'align', 'expected'), [
    (1.0, 4, []),  # nothing above it
    (0.93, 4, []),  # one above it: 23 would remain
    (0.80, 4, [20, 21, 22, 23]),  # four above it
    (0.76, 4, [20, 21, 22, 23]),  # five above it: 20 remain, not 19 and not 16
    (0.76, 1, [19, 20, 21, 22, 23]),
    (0.01, 4, list(range(4, 24))),  # all but one above it: one step remains
    (0.01, 1, list(range(1, 24))),
])
def test_thresholds(channels: Channels, monkeypatch: Any, threshold: float, align: int, expected: List[int]) -> None:
    """Only filters above the threshold go, the most redundant first; what remains is a multiple."""
    found = scored(channels, monkeypatch, ASCENDING, threshold=threshold, align=align)
    assert found == expected
    assert all(ASCENDING[number] > threshold for number in found)


def test_everything_above_the_threshold_keeps_one_step(channels: Channels, monkeypatch: Any) -> None:
    """The least redundant four stay."""
    scores = [0.9] * 24
    scores[5] = scores[7] = scores[11] = scores[13] = 0.8
    kept = set(range(24)) - set(scored(channels, monkeypatch, scores, threshold=0.5, align=4))
    assert kept == {5, 7, 11, 13}


def test_a_score_equal_to_the_threshold_is_not_above_it(channels: Channels, monkeypatch: Any) -> None:
    """r_f > threshold."""
    assert scored(channels, monkeypatch, [0.5] * 24, threshold=0.5, align=1) == []


@pytest.mark.parametrize(('ratio', 'align', 'count'), [
    (0.0, 4, 0), (1.0, 4, 20), (1.0, 1, 23), (0.5, 4, 12), (0.3, 4, 8), (0.3, 1, 7), (0.01, 4, 0)])
def test_ratios(channels: Channels, monkeypatch: Any, ratio: float, align: int, count: int) -> None:
    """The nearest multiple remains."""
    assert scored(channels, monkeypatch, ASCENDING, ratio=ratio, align=align) == list(range(24 - count, 24))


def test_equal_scores_go_in_order(channels: Channels, monkeypatch: Any) -> None:
    """The same plan every time: the first of equals."""
    assert scored(channels, monkeypatch, [0.5] * 24, ratio=0.25, align=2) == [0, 1, 2, 3, 4, 5]


@given(st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), min_size=24, max_size=24),
       st.sampled_from([0.1, 0.3, 0.5, 0.7, 1.0]), st.integers(1, 30))
def test_rounding_never_selects_below_the_threshold(channels: Channels, scores: List[float], threshold: float,
                                                    align: int) -> None:
    """And what stays is never more redundant than what goes."""
    with pytest.MonkeyPatch.context() as patch:
        pruned = scored(channels, patch, scores, threshold=threshold, align=align)
    assert all(scores[number] > threshold for number in pruned)
    kept = [scores[number] for number in range(24) if number not in pruned]
    assert kept
    assert not pruned or max(kept) <= min(scores[number] for number in pruned)


@pytest.mark.parametrize(('threshold', 'ratio', 'align', 'message'), [
    (None, None, 4, 'give one'), (0.5, 0.5, 4, 'give one'), (0.0, None, 4, 'outside'), (1.01, None, 4, 'outside'),
    (-1.0, None, 4, 'outside'), (float('nan'), None, 4, 'outside'), (None, 1.5, 4, 'outside'),
    (None, -0.1, 4, 'outside'), (0.5, None, 0, 'align')])
def test_options_out_of_range(channels: Channels, threshold: Optional[float], ratio: Optional[float], align: int,
                              message: str) -> None:
    """Each is refused."""
    with pytest.raises(OptionError, match=message):
        choose(channels, channels.groups, Amount(threshold, ratio, align=align), 'l1')


def test_json_round_trip(channels: Channels, tmp_path: Any) -> None:
    """Kept and pruned indices, criterion, scores, threshold; read back the same."""
    plan = choose(channels, channels.groups, Amount(threshold=0.5, align=1))
    assert plan.pruned_count > 0
    path = str(tmp_path / 'plan.json')
    plan.save(path)
    with open(path) as stream:
        content = json.load(stream)
    first = content['groups'][0]
    assert sorted(first['kept'] + first['pruned']) == list(range(first['size']))
    assert first['criterion'] == 'redundancy'
    assert first['threshold'] == 0.5
    assert first['anchor'] == {'parameter': 'stem/kernel', 'axis': 3}
    again = PruningPlan.load(path)
    assert [each._replace(scores=()) for each in again.groups] == [each._replace(scores=()) for each in plan.groups]
    for mine, other in zip(plan.groups, again.groups):
        assert np.allclose(mine.scores, other.scores, atol=1e-6)


def test_the_same_plan_every_time(channels: Channels, tmp_path: Any) -> None:
    """Two analyses of two copies: the same text, group by group in the graph's order."""
    texts = []
    for name in ('a', 'b'):
        (tmp_path / name).mkdir()
        other = channels_of(builders.save_network('expanded', tmp_path / name))
        texts.append(choose(other, other.groups, Amount(threshold=0.5)).to_json())
    assert texts[0] == texts[1]
    assert [group.name for group in channels.groups] == ['stem', 'block']


def test_a_plan_fits_a_sibling(channels: Channels, tmp_path: Any) -> None:
    """Other weights of the same network: the same indices go."""
    plan = choose(channels, channels.groups, Amount(ratio=0.5))
    sibling = channels_of(builders.save_network('expanded', tmp_path, seed=9))
    assert not np.array_equal(sibling.model.value('stem/kernel'), channels.model.value('stem/kernel'))
    mine, others = pruned_slices(channels, plan), pruned_slices(sibling, plan)
    assert {name: {axis: list(i) for axis, i in axes.items()} for name, axes in mine.items()} == {
        name: {axis: list(i) for axis, i in axes.items()} for name, axes in others.items()}
    pruned = soft_prune(sibling.model, sibling, plan)
    assert not pruned.value('block/expand/kernel')[..., list(plan.groups[1].pruned)].any()


def test_a_plan_of_another_model(channels: Channels, tmp_path: Any) -> None:
    """Refused, with what is missing."""
    plan = choose(channels, channels.groups, Amount(ratio=0.5))
    stranger = channels_of(builders.save_network('bare_se', tmp_path))
    with pytest.raises(PlanError, match='does not fit the model.*8 channels in axis 3 of stem/kernel'):
        soft_prune(stranger.model, stranger, plan)


@pytest.mark.parametrize('text', [
    '', '{', '[]', '{}', '{"tf1pruning_plan": 2, "groups": []}', '{"tf1pruning_plan": 1}',
    '{"tf1pruning_plan": 1, "groups": [{}]}', '{"tf1pruning_plan": 1, "groups": 3}', 'null', '\x00\x01'])
def test_files_that_are_no_plans(tmp_path: Any, text: str) -> None:
    """Each is refused with its path."""
    path = tmp_path / 'plan.json'
    path.write_text(text)
    with pytest.raises(PlanError, match='plan.json'):
        PruningPlan.load(str(path))


def test_a_plan_that_is_missing(tmp_path: Any) -> None:
    """Its path and the reason."""
    with pytest.raises(PlanError, match='No such file'):
        PruningPlan.load(str(tmp_path / 'plan.json'))


@pytest.mark.parametrize('pruned', [[-1], [24], list(range(24))])
def test_channels_out_of_range(channels: Channels, tmp_path: Any, pruned: List[int]) -> None:
    """In numbers given by hand and in files."""
    with pytest.raises(PlanError, match='block'):
        plan_from_channels(channels, {'block': pruned})
    content = json.loads(plan_from_channels(channels, {'block': [0]}).to_json())
    content['groups'][0]['pruned'] = pruned
    (tmp_path / 'plan.json').write_text(json.dumps(content))
    with pytest.raises(PlanError, match='block'):
        PruningPlan.load(str(tmp_path / 'plan.json'))


def test_an_unknown_group(channels: Channels) -> None:
    """Those that there are, are named."""
    with pytest.raises(PlanError, match='block, stem'):
        plan_from_channels(channels, {'blok': [0]})
