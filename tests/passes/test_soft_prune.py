"""What becomes zero, what does not."""

from typing import Any

import numpy as np

from tests import builders
from tests.surgery import channels_of, load
from tf1pruning.passes.soft_prune import nonzero_slices, soft_prune, zeros_of
from tf1pruning.plan import plan_from_channels


def test_the_whole_chain_becomes_zero_and_nothing_else(tmp_path: Any) -> None:
    """Filters, γ, β, depthwise, the gate's slices, the projection's input; statistics and neighbours stay."""
    channels = channels_of(builders.save_network('nested_se', tmp_path))
    pruned = soft_prune(channels.model, channels, plan_from_channels(channels, {'block': [3, 8]}))
    expected = {('block/expand/kernel', 3), ('block/expand/bn/gamma', 0), ('block/expand/bn/beta', 0),
                ('block/depthwise/depthwise_kernel', 2), ('block/depthwise/bn/gamma', 0),
                ('block/depthwise/bn/beta', 0), ('block/se/reduce/kernel', 2), ('block/se/expand/kernel', 3),
                ('block/se/expand/bias', 0), ('block/project/kernel', 2)}
    found = set()
    for name in channels.model.variables:
        before, after = channels.model.value(name), pruned.value(name)
        for axis in range(before.ndim):
            if after.shape[axis] == 24 and not np.take(after, [3, 8], axis).any():
                found.add((name, axis))
                assert np.take(before, [3, 8], axis).all()
                assert np.array_equal(np.delete(after, [3, 8], axis), np.delete(before, [3, 8], axis))
        if not any(known == name for known, _ in found):
            assert np.array_equal(before, after), name
    assert found == expected


def test_the_model_given_is_not_changed(tmp_path: Any) -> None:
    """Nor an array of it."""
    channels = channels_of(builders.save_network('expanded', tmp_path))
    kernel = channels.model.value('block/expand/kernel')
    before = kernel.copy()
    soft_prune(channels.model, channels, plan_from_channels(channels, {'block': [3]}))
    assert np.array_equal(kernel, before)
    assert channels.model.value('block/expand/kernel') is kernel


def test_zeros_for_training_hooks(tmp_path: Any) -> None:
    """Parameter, axis, indices; no statistics."""
    channels = channels_of(builders.save_network('expanded', tmp_path))
    zeros = zeros_of(channels, plan_from_channels(channels, {'block': [3, 8], 'stem': []}))
    assert {name: {axis: indices.tolist() for axis, indices in axes.items()} for name, axes in zeros.items()} == {
        'block/expand/kernel': {3: [3, 8]}, 'block/expand/bn/gamma': {0: [3, 8]}, 'block/expand/bn/beta': {0: [3, 8]},
        'block/depthwise/depthwise_kernel': {2: [3, 8]}, 'block/depthwise/bn/gamma': {0: [3, 8]},
        'block/depthwise/bn/beta': {0: [3, 8]}, 'block/project/kernel': {2: [3, 8]}}


def test_a_checkpoint_without_slots(tmp_path: Any) -> None:
    """What is not there is not zeroed and not missed."""
    saved = builders.save_training(tmp_path)
    model, channels = load(saved), channels_of(saved)
    forward = model.replace(weights=model.weights.restricted(name for name in model.weights if 'Adam' not in name))
    pruned = soft_prune(forward, channels, plan_from_channels(channels, {'block_1': [3]}))
    assert not pruned.value('block_1/expand/kernel')[..., 3].any()
    assert not [name for name in pruned.weights if 'Adam' in name]


def test_slices() -> None:
    """Sums of magnitudes with a tolerance, NaN counts as not zero."""
    rows = np.array([[0.0, 0.0], [1e-10, -1e-10], [0.5, -0.5], [np.nan, 0.0]])
    assert nonzero_slices(rows, 0, [0, 1, 2, 3]) == (1, 2, 3)
    assert nonzero_slices(rows, 0, [0, 1, 2, 3], 1e-9) == (2, 3)
    assert nonzero_slices(rows, 0, [0]) == ()


def test_slices_that_are_not_zero() -> None:
    """Magnitudes add up; what is not a number is not zero; nothing is asked of other slices."""
    value = np.zeros((2, 3, 4), np.float32)
    value[0, 0, 1], value[1, 2, 1], value[1, 1, 2], value[0, 0, 3] = 3e-10, -3e-10, np.nan, -1e-40
    assert nonzero_slices(value, 2, [0, 1, 2, 3]) == (1, 2, 3)
    assert nonzero_slices(value, 2, [0, 1, 2, 3], 5e-10) == (1, 2)
    assert nonzero_slices(value, 2, [0, 1, 2, 3], 7e-10) == (2,)
    assert nonzero_slices(value, 1, [1]) == (1,)
    assert nonzero_slices(value, 2, [0]) == ()
    assert nonzero_slices(np.array([0.0, -2.0]), 0, [0, 1], 1.5) == (1,)
