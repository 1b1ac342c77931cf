"""Limits of a choice: minimum, maximum, competing groups, exclusions, combinations of scores."""

from typing import Any

import numpy as np
import pytest

from tests import builders
from tests.surgery import channels_of
from tf1pruning.channels import Channels
from tf1pruning.choice import SameCounts, Selection, choose
from tf1pruning.criteria import score
from tf1pruning.criteria.combine import combine
from tf1pruning.errors import NameNotFoundError, OptionError, PlanError
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.ranking import Amount


@pytest.fixture(name='channels', scope='module')
def make_channels(tmp_path_factory: Any) -> Channels:
    """Inverted residuals with a nested squeeze-and-excitation."""
    return channels_of(builders.save_network('nested_se', tmp_path_factory.mktemp('network')))


@pytest.mark.parametrize('least', [1, 3, 5])
def test_at_least_so_many_stay(channels: Channels, least: int) -> None:
    """In every group, or all of it where it has fewer."""
    plan = choose(channels, channels.groups, Amount(ratio=1.0, align=1, min_channels=least), 'l1')
    assert [len(group.kept) for group in plan.groups] == [min(least, group.size) for group in plan.groups]


def test_at_most_so_much_goes(channels: Channels) -> None:
    """A quarter of every group."""
    plan = choose(channels, channels.groups, Amount(ratio=0.9, align=1, max_ratio=0.25), 'l1')
    assert plan.pruned_count > 0
    assert all(len(group.pruned) <= 0.25 * group.size for group in plan.groups)


def test_competing_channels(channels: Channels) -> None:
    """Together, groups lose different parts; alone, each the same."""
    parts = {}
    for together in (False, True):
        plan = choose(channels, channels.groups, Amount(ratio=0.5, align=1, together=together), 'redundancy')
        parts[together] = [round(len(group.pruned) / group.size, 1) for group in plan.groups]
    assert set(parts[False]) == {0.5}
    assert len(set(parts[True])) > 1


def test_excluded_groups(channels: Channels) -> None:
    """By name of a group or of a scope; a name that is neither is refused."""
    every = Selection(Amount(ratio=0.5), criterion='l1')
    names = [group.name for group in every.plan(channels).groups]
    without = [group.name for group in every._replace(exclude=(names[0],)).plan(channels).groups]
    assert without == names[1:]
    with pytest.raises(NameNotFoundError, match='no scope or group named'):
        every._replace(exclude=('nowhere',)).plan(channels)


def test_combined_scores() -> None:
    """Mean, largest, product; no other."""
    scores = [np.array([0.5, 1.0]), np.array([0.0, 0.5])]
    assert combine(scores, 'mean').tolist() == [0.25, 0.75]
    assert combine(scores, 'max').tolist() == [0.5, 1.0]
    assert combine(scores, 'product').tolist() == [0.0, 0.5]
    with pytest.raises(OptionError, match='max, mean, product'):
        combine(scores, 'sum')


def test_random_is_the_same_every_time(channels: Channels) -> None:
    """For one group; another group has other numbers."""
    first, second = channels.groups[:2]
    assert np.array_equal(score(channels, first, 'random'), score(channels, first, 'random'))
    size = min(first.size, second.size)
    assert not np.array_equal(score(channels, first, 'random')[:size], score(channels, second, 'random')[:size])


AMOUNTS = {
    'ratio': [Amount(ratio=part, align=2) for part in (0.25, 0.5)],
    'ratio together': [Amount(ratio=part, align=2, together=True) for part in (0.25, 0.5)],
    'macs': [Amount(target={'macs': part}, align=2, tolerance=0.1) for part in (0.8, 0.5)],
    'macs together': [Amount(target={'macs': part}, align=2, tolerance=0.1, together=True) for part in (0.8, 0.5)],
}


@pytest.mark.parametrize('kind', ['threshold', *sorted(AMOUNTS)])
@pytest.mark.parametrize('criterion', ['l1', 'l2', 'redundancy', 'geometric_median', 'random'])
def test_what_has_gone_earlier_goes_again(channels: Channels, criterion: str, kind: str) -> None:
    """Though the weights have changed: what a plan took is zero now, and all other channels are drawn anew."""
    thresholds = (0.6, 0.4) if criterion == 'redundancy' else (0.15, 0.02)
    small, large = AMOUNTS.get(kind) or [Amount(threshold=each, align=1) for each in thresholds]
    earlier = choose(channels, channels.groups, small, criterion)
    random = np.random.RandomState(3)
    drawn = channels.model.weights.replaced({
        name: random.normal(size=values.shape).astype(np.float32) for name, values in channels.model.weights.items()})
    zeroed = soft_prune(channels.model.replace(weights=drawn), channels, earlier)
    later = choose(channels.with_weights(zeroed.weights), channels.groups, large, criterion, earlier=earlier)
    assert all(set(before.pruned) <= set(after.pruned) for before, after in zip(earlier.groups, later.groups))
    assert later.pruned_count > earlier.pruned_count > 0


def test_as_many_chosen_anew(channels: Channels) -> None:
    """Counts and criterion are the plan's, the channels those that score highest now."""
    first = choose(channels, channels.groups, Amount(ratio=0.5, align=1), 'l1')
    assert SameCounts(first).plan(channels) == first._replace(
        groups=tuple(group._replace(threshold=None) for group in first.groups))
    model = channels.model
    other = channels.with_weights(model.weights.replaced({name: np.asarray(model.weights[name])[..., ::-1].copy()
                                                          for name in model.weights}))
    again = SameCounts(first).plan(other)
    assert [len(group.pruned) for group in again.groups] == [len(group.pruned) for group in first.groups]
    assert [group.pruned for group in again.groups] != [group.pruned for group in first.groups]
    stranger = first._replace(groups=(first.groups[0]._replace(name='nowhere'),))
    with pytest.raises(PlanError, match='no group nowhere'):
        SameCounts(stranger).plan(channels)
