"""Targets: what remains is what was asked for, and what the stripped model really costs."""

from typing import Any

import pytest

from tests import builders
from tests.surgery import channels_of
from tf1pruning.channels import Channels
from tf1pruning.channels.cost_model import CostModel
from tf1pruning.choice import choose
from tf1pruning.cost import count_cost
from tf1pruning.errors import OptionError
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.plan import removed_ids
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf


@pytest.fixture(name='channels', scope='module')
def make_channels(tmp_path_factory: Any) -> Channels:
    """A MobileNetV2-like chain."""
    return channels_of(builders.save_network('mobilenet_v2', tmp_path_factory.mktemp('network')))


@pytest.mark.parametrize('together', [False, True])
@pytest.mark.parametrize('fraction', [0.9, 0.7, 0.5])
@pytest.mark.parametrize('what', ['macs', 'parameters'])
def test_targets_are_met_by_the_stripped_model(channels: Channels, what: str, fraction: float,
                                               together: bool) -> None:
    """Within one percent of the original, counted after strip."""
    plan = choose(channels, channels.groups, Amount(target={what: fraction}, align=1, together=together), 'l1')
    stripped = strip(soft_prune(channels.model, channels, plan), channels, plan)
    remaining = getattr(count_cost(stripped), what) / getattr(count_cost(channels.model), what)
    assert abs(remaining - fraction) <= 0.01


def test_a_target_for_bytes(channels: Channels) -> None:
    """Half of the weights' bytes."""
    model = CostModel(channels)
    plan = choose(channels, channels.groups, Amount(target={'bytes': 0.5}, align=1), 'l1')
    assert abs(model.bytes(~removed_ids(channels, plan)) / model.bytes(model.everything()) - 0.5) <= 0.01


def test_everything_is_the_identity(channels: Channels) -> None:
    """A target of 1 prunes nothing."""
    assert choose(channels, channels.groups, Amount(target={'macs': 1.0}), 'l1').pruned_count == 0


def test_what_cannot_be_reached(channels: Channels) -> None:
    """The least that can remain is said."""
    with pytest.raises(OptionError, match='cannot reach 0.1 % of the macs: .* remain'):
        choose(channels, channels.groups, Amount(target={'macs': 0.001}), 'l1')


def test_steps_that_are_too_coarse(channels: Channels) -> None:
    """With a few large steps the target is missed, and the nearest is named instead of taken."""
    widest = max(channels.groups, key=lambda group: group.size)
    with pytest.raises(OptionError, match='the nearest to 97.0 % of the macs is'):
        choose(channels, [widest], Amount(target={'macs': 0.97}, align=widest.size // 2), 'l1')


def test_one_group_gives_so_that_another_takes(tmp_path: Any) -> None:
    """All 12 steps of one group and 13 of 16 of the other come near to 84 %; no single step from 11 and 14 does."""
    def build() -> None:
        x = builders.image()
        x = builders.conv(builders.conv(x, 48, 'first', 3, 2), 64, 'second', 3, 2)
        tf.identity(builders.conv(x, 10, 'last'), 'output')
    found = channels_of(builders.save_graph(build, tmp_path))
    plan = choose(found, found.groups, Amount(target={'macs': 0.842}), 'l1')
    costs = CostModel(found)
    assert abs(costs.macs(~removed_ids(found, plan)) / costs.macs(costs.everything()) - 0.842) <= 0.01


def test_a_wider_tolerance(channels: Channels) -> None:
    """The nearest is taken."""
    widest = max(channels.groups, key=lambda group: group.size)
    amount = Amount(target={'macs': 0.97}, align=widest.size // 2, tolerance=0.5)
    assert choose(channels, [widest], amount, 'l1').pruned_count in (0, widest.size // 2)


@pytest.mark.parametrize('name', ['mobilenet_v2', 'nested_se', 'dense_se', 'flattened', 'concatenated', 'transposed',
                                  'partitioned', 'multiplier_2', 'resource', 'padded_shortcut'])
def test_the_cost_model_agrees_with_the_stripped_model(name: str, tmp_path: Any) -> None:
    """Before and after, MACs and parameters to the last one."""
    channels = channels_of(builders.save_network(name, tmp_path))
    model = CostModel(channels)
    assert (model.parameters(model.everything()), model.macs(model.everything())) == tuple(count_cost(channels.model))
    plan = choose(channels, channels.groups, Amount(ratio=0.4, align=1), 'l1')
    stripped = strip(soft_prune(channels.model, channels, plan), channels, plan)
    kept = ~removed_ids(channels, plan)
    assert plan.pruned_count
    assert (model.parameters(kept), model.macs(kept)) == tuple(count_cost(stripped))
