"""MorphNet: an SE block of matrix products and a Reshape gets an inconsistent structure; unknown operations fail
open.
"""

from typing import Any, Dict

import pytest

from tests import builders, plain
from tests.builders import conv, image
from tests.peers.pruned import assert_exact, prune_graph
from tests.surgery import channels_of
from tf1pruning.tf1 import tf


def _gated() -> None:
    x = builders.depthwise(conv(image(), 16, 'expand', 3), 'depthwise')
    builders.head(conv(builders.dense_squeeze_excite(x, 8, 'se'), 8, 'last'))


def test_a_gate_of_matrix_products_is_consistent(tmp_path: Any) -> None:
    """The very same channels go from what makes them, filters them, squeezes them, gates them and uses them."""
    pruned = prune_graph(_gated, tmp_path)
    groups = {tuple(group['anchor'].values()): group['kept'] for group in pruned.plan.values()}
    kept, squeezed = groups['expand/kernel', 3], groups['se/reduce/kernel', 1]
    soft, hard = plain.values_of(pruned.soft), plain.values_of(pruned.hard)
    slices: Dict[str, Any] = {
        'expand/kernel': soft['expand/kernel'][..., kept],
        'depthwise/depthwise_kernel': soft['depthwise/depthwise_kernel'][:, :, kept],
        'depthwise/bn/beta': soft['depthwise/bn/beta'][kept],
        'se/reduce/kernel': soft['se/reduce/kernel'][kept][:, squeezed],
        'se/reduce/bias': soft['se/reduce/bias'][squeezed],
        'se/expand/kernel': soft['se/expand/kernel'][squeezed][:, kept],
        'se/expand/bias': soft['se/expand/bias'][kept],
    }
    assert (len(kept), len(squeezed)) == (8, 4)
    for name, value in slices.items():
        assert hard[name].tolist() == value.tolist(), name
    assert hard['last/kernel'].shape == (1, 1, 8, 4)
    assert_exact(pruned)


UNKNOWN = {'Cumsum': lambda x: tf.cumsum(x, 3), 'Roll': lambda x: tf.roll(x, 1, 3),
           'MatrixBandPart': lambda x: tf.linalg.band_part(x, 2, 2)}


def _unknown(operation: str) -> None:
    x = UNKNOWN[operation](conv(image(), 8, 'before', 3))
    builders.head(conv(conv(x, 8, 'after'), 12, 'last'))


@pytest.mark.parametrize('operation', sorted(UNKNOWN))
def test_an_unknown_operation_fails_closed(tmp_path: Any, operation: str) -> None:
    """What it sees stays whole and the reason names it; the rest of the network is pruned."""
    pruned = prune_graph(lambda: _unknown(operation), tmp_path)
    for name in ('before/kernel', 'before/bn/gamma'):
        assert pruned.after[name] == pruned.before[name]
    assert pruned.after['after/kernel'] == (1, 1, 8, 4)
    assert pruned.after['last/kernel'] == (1, 1, 4, 6)
    assert_exact(pruned)
    pins = channels_of(pruned.saved).reasons('before/kernel', 3)
    assert [(pin.operation, pin.node, pin.reason) for pin in pins] == [
        (operation, operation, 'no rule for this operation')]
