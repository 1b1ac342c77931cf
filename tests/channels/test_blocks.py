"""Blocks by how their channels run, and by name."""

from typing import Any, Dict, List, Tuple

import pytest

from tests import builders
from tests.surgery import channels_of
from tf1pruning.channels.blocks import (
    INVERTED_RESIDUAL,
    OTHER,
    SQUEEZE_EXCITE,
    all_scopes,
    block_kinds,
    contraction_axes,
    in_scope,
    kernel_of,
    select_groups,
)
from tf1pruning.channels.groups import common_scope
from tf1pruning.errors import NameNotFoundError
from tf1pruning.tf1 import tf

KINDS: Dict[str, Dict[str, Tuple[int, str]]] = {
    'expanded': {'stem': (8, OTHER), 'block': (24, INVERTED_RESIDUAL)},
    'not_expanded': {'stem': (16, INVERTED_RESIDUAL), 'block/project': (8, OTHER)},
    'nested_se': {'stem': (8, OTHER), 'block': (24, INVERTED_RESIDUAL), 'block/se': (8, SQUEEZE_EXCITE)},
    'bare_se': {'stem': (16, OTHER), 'se': (8, SQUEEZE_EXCITE), 'last': (8, OTHER)},
    'dense_se': {'stem': (16, OTHER), 'se': (8, SQUEEZE_EXCITE), 'last': (8, OTHER)},
    'multiplier_2': {'stem': (8, OTHER), 'block': (24, INVERTED_RESIDUAL)},
    'partitioned': {'stem': (8, OTHER), 'block_1': (24, INVERTED_RESIDUAL), 'block_1/se': (4, SQUEEZE_EXCITE),
                    'block_2': (24, INVERTED_RESIDUAL), 'block_2/project': (12, OTHER), 'last': (16, OTHER)},
    'residual_stage': {'stem': (16, OTHER), 'unit_0': (8, OTHER), 'unit_1': (8, OTHER), 'unit_2': (8, OTHER)},
    'flattened': {'stem': (8, OTHER), 'hidden': (12, OTHER)},
}


@pytest.mark.parametrize('name', sorted(KINDS))
def test_groups_with_their_kinds(tmp_path: Any, name: str) -> None:
    """All groups, their sizes, and which of them are the insides of blocks; the default takes just those."""
    channels = channels_of(builders.save_network(name, tmp_path))
    kinds = block_kinds(channels)
    assert {group.name: (group.size, kinds[group.name]) for group in channels.groups} == KINDS[name]
    chosen = [group for group, (_, kind) in KINDS[name].items() if kind != OTHER]
    assert [group.name for group in select_groups(channels)] == chosen
    assert [group.name for group in select_groups(channels, ['blocks'])] == chosen
    assert [group.name for group in select_groups(channels, ['all'])] == list(KINDS[name])


def test_a_nested_gate_belongs_to_the_expanded_channels(tmp_path: Any) -> None:
    """Two groups: the expanded channels with both sides of the gate, and the squeeze."""
    channels = channels_of(builders.save_network('nested_se', tmp_path))
    slices = {group.name: set(group.slices) for group in channels.groups}
    assert slices['block'] == {
        ('block/expand/kernel', 3), ('block/expand/bn/gamma', 0), ('block/expand/bn/beta', 0),
        ('block/expand/bn/moving_mean', 0), ('block/expand/bn/moving_variance', 0),
        ('block/depthwise/depthwise_kernel', 2), ('block/depthwise/bn/gamma', 0), ('block/depthwise/bn/beta', 0),
        ('block/depthwise/bn/moving_mean', 0), ('block/depthwise/bn/moving_variance', 0),
        ('block/se/reduce/kernel', 2), ('block/se/expand/kernel', 3), ('block/se/expand/bias', 0),
        ('block/project/kernel', 2)}
    assert slices['block/se'] == {('block/se/reduce/kernel', 3), ('block/se/reduce/bias', 0),
                                  ('block/se/expand/kernel', 2)}


def test_a_residual_stream_is_one_group(tmp_path: Any) -> None:
    """Everything that is added to it goes together."""
    channels = channels_of(builders.save_network('residual_stage', tmp_path))
    stream = channels.groups[0]
    makers = ['stem/Conv2D'] + ['unit_%d/second/Conv2D' % number for number in range(3)]
    assert list(stream.producers) == makers
    assert 'logits/MatMul' in stream.consumers


def test_axes_of_the_kernels(tmp_path: Any) -> None:
    """Filters 3, depthwise 2, the projection 2; a dense kernel read transposed the other way round."""
    channels = channels_of(builders.save_network('mobilenet_v2', tmp_path))
    group = next(group for group in channels.groups if group.name == 'block_1')
    assert contraction_axes(channels, group) == {
        'block_1/expand/Conv2D': 3, 'block_1/depthwise/depthwise': 2, 'block_1/project/Conv2D': 2}
    assert kernel_of(channels, 'block_1/project/Conv2D').parameters == ('block_1/project/kernel',)
    (tmp_path / 'other').mkdir()
    channels = channels_of(builders.save_network('transposed', tmp_path / 'other'))
    group = channels.groups[-1]
    assert contraction_axes(channels, group) == {'last/Conv2D': 3, 'MatMul': 1}


def numbered(*names: str) -> None:
    """Inverted residuals with these names."""
    x = builders.conv(builders.image(), 8, 'stem', 3, 2)
    for name in names:
        x = builders.inverted_residual(x, 8, name)
    builders.head(x)


@pytest.mark.parametrize(('scopes', 'found'), [
    (['expanded_conv_1'], ['net/expanded_conv_1']), (['expanded_conv_10'], ['net/expanded_conv_10']),
    (['net/expanded_conv_1'], ['net/expanded_conv_1']), (['expanded_conv_1/'], ['net/expanded_conv_1']),
    (['expanded_conv_10', 'expanded_conv_1'], ['net/expanded_conv_10', 'net/expanded_conv_1']),
    (['expanded_conv_1', 'net/expanded_conv_1', ''], ['net/expanded_conv_1'])])
def test_scopes_match_whole_segments(tmp_path: Any, scopes: List[str], found: List[str]) -> None:
    """`expanded_conv_1` is not `expanded_conv_10`; nothing is taken twice."""
    def build() -> None:
        with tf.variable_scope('net'):
            numbered('expanded_conv_1', 'expanded_conv_10', 'expanded_conv')

    saved = builders.save_graph(build, tmp_path)
    channels = channels_of(saved._replace(inputs={'net/image': builders.IMAGE}, outputs=('net/output',)))
    assert [group.name for group in select_groups(channels, scopes)] == found


def test_a_scope_that_matches_nothing_names_the_closest(tmp_path: Any) -> None:
    """Part of a segment is no match."""
    channels = channels_of(builders.save_graph(lambda: numbered('expanded_conv_1', 'block_7'), tmp_path))
    for scope in ('expanded_conv', 'expanded_conv_2'):
        with pytest.raises(NameNotFoundError, match='closest: expanded_conv_1'):
            select_groups(channels, [scope])


def test_a_scope_without_channels_of_its_own(tmp_path: Any) -> None:
    """It exists, but what it makes leaves it: the scopes that have some are named."""
    channels = channels_of(builders.save_graph(lambda: numbered('block_1'), tmp_path))
    with pytest.raises(NameNotFoundError, match='start and end inside.*block_1'):
        select_groups(channels, ['logits'])
    assert 'block_1/expand' in all_scopes(channels)


def test_a_block_that_begins_with_the_depthwise_is_chosen_by_its_scope(tmp_path: Any) -> None:
    """Its channels are made outside."""
    channels = channels_of(builders.save_network('not_expanded', tmp_path))
    assert [group.name for group in select_groups(channels, ['block'])] == ['stem']


@pytest.mark.parametrize(('node', 'scope', 'inside'), [
    ('a/b/c', 'b', True), ('a/b/c', 'a/b', True), ('a/bb/c', 'b', False), ('a/b_1/c', 'b', False),
    ('a/b/c', '/b/', True), ('a/b/c', 'a/c', False), ('b', 'b', True)])
def test_in_scope(node: str, scope: str, inside: bool) -> None:
    """Whole segments in a row."""
    assert in_scope(node, scope) == inside


def test_common_scope() -> None:
    """The longest common path of whole segments."""
    assert common_scope(('a/b/x', 'a/b/y/z')) == 'a/b'
    assert common_scope(('a/b1/x', 'a/b2/y')) == 'a'
    assert common_scope(('stem/Conv2D', 'block/Conv2D')) == 'stem'
    assert common_scope(('Conv2D', 'block/Conv2D')) == 'Conv2D'
