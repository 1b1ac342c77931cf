"""What `Pruning` writes between its steps."""

from typing import Any

import numpy as np
import pytest

from tests import builders
from tests.surgery import channels_of
from tf1pruning.channels import Channels
from tf1pruning.dictionaries import (
    bias_variables,
    convolution_variables,
    filter_lines,
    group_convolutions,
    strip_nodes,
    strip_variables,
    summary_lines,
)
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.plan import plan_from_channels


@pytest.fixture(scope='module')
def channels(tmp_path_factory: Any) -> Channels:
    """One inverted residual."""
    return channels_of(builders.save_network('expanded', tmp_path_factory.mktemp('dictionaries')))


def test_convolutions_and_variables(channels: Channels) -> None:
    """Conv2D 3, depthwise 2, the closing projection 2; their kernels; the block's norms."""
    groups = [group for group in channels.groups if group.name == 'block']
    assert group_convolutions(channels, groups) == {'block': {
        'block/expand/Conv2D': 3, 'block/depthwise/depthwise': 2, 'block/project/Conv2D': 2}}
    assert convolution_variables(channels, groups) == {
        'block/expand/Conv2D': ['block/expand/kernel'], 'block/project/Conv2D': ['block/project/kernel'],
        'block/depthwise/depthwise': ['block/depthwise/depthwise_kernel']}
    assert sorted(bias_variables(channels, groups)['block']) == sorted(
        'block/%s/bn/%s' % (layer, name) for layer in ('expand', 'depthwise')
        for name in ('gamma', 'beta', 'moving_mean', 'moving_variance'))


def test_what_strip_cuts(channels: Channels) -> None:
    """Groups that lose nothing are left out."""
    plan = plan_from_channels(channels, {'stem': [], 'block': [3, 7]})
    assert list(strip_nodes(channels, plan)) == ['block']
    assert strip_variables(channels, plan)['block/project/kernel'] == {2: [3, 7]}
    assert 'stem/kernel' not in strip_variables(channels, plan)


def test_lines_for_people(channels: Channels) -> None:
    """A line per convolution."""
    lines = filter_lines(channels, plan_from_channels(channels, {'stem': [], 'block': [3, 7]})).splitlines()
    assert 'block (inverted_residual): 2 of 24 channels' in lines
    assert '  block/expand/Conv2D: 3 7' in lines
    assert '  stem/Conv2D: -' in lines


def test_the_summary_counts_filters_that_are_not_zero(channels: Channels) -> None:
    """Σ|w| ≥ tolerance over every pruned convolution."""
    plan = plan_from_channels(channels, {'block': [3, 7]})
    soft = soft_prune(channels.model, channels, plan)
    assert summary_lines(channels, soft, plan, 1e-9)[1] == 0.0
    text, rate = summary_lines(channels, channels.model, plan, 1e-9)
    assert rate == 1.0
    kernel = np.array(soft.value('block/expand/kernel'))
    kernel[0, 0, 0, 7] = 1e-9
    kernel[0, 0, 0, 3] = 0.9e-9
    text, rate = summary_lines(channels, soft.replace(weights=soft.weights.replaced({'block/expand/kernel': kernel})),
                               plan, np.float64(np.float32(1e-9)))
    assert rate == pytest.approx(1 / 6)
    assert 'block/expand/Conv2D: 1 of 2 filters are not zero: 7' in text
    assert text.endswith('failed_rate: 0.166667 (1 of 6)\n')


def test_the_summary_of_nothing(channels: Channels) -> None:
    """No filters chosen: none failed."""
    assert summary_lines(channels, channels.model, plan_from_channels(channels, {'block': []}), 1e-9)[1] == 0.0


@pytest.mark.parametrize('name', ['partitioned', 'partitioned_rows'])
def test_the_summary_of_parts(tmp_path: Any, name: str) -> None:
    """Kernels in parts along filters and along rows are counted as whole ones."""
    channels = channels_of(builders.save_network(name, tmp_path))
    group = channels.groups[1]
    plan = plan_from_channels(channels, {group.name: [0, group.size - 1]})
    assert summary_lines(channels, soft_prune(channels.model, channels, plan), plan, 1e-9)[1] == 0.0
    assert summary_lines(channels, channels.model, plan, 1e-9)[1] == 1.0
