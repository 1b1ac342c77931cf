"""Groups from ids by hand."""

from typing import Dict, List, Tuple

import numpy as np

from tf1pruning.channels.groups import Group, find_groups
from tf1pruning.channels.rules import Part, Seen

Axes = Dict[str, Tuple[np.ndarray, ...]]
PARAMETERS: Axes = {'a/kernel': (np.arange(3), np.arange(3, 9)), 'a/bias': (np.arange(9, 15),),
                    'b/kernel': (np.arange(15, 27), np.arange(27, 29))}
"""Six filters, which a second layer reads, whatever they are tied to there."""
LABELS = np.concatenate([np.arange(9), np.arange(3, 9), np.repeat(np.arange(3, 9), 2), np.arange(27, 29)])
"""The second kernel reads every channel twice in a row, as after a flatten."""


def groups_of(labels: np.ndarray, pinned: List[int], parts: Dict[str, Part], axes: Axes = PARAMETERS) -> List[Group]:
    """Groups of the two layers; the image and the outputs stay."""
    flags = np.zeros(30, bool)
    flags[[0, 1, 2, 27, 28, *pinned]] = True
    kernels = [('a/Conv', 'a/kernel', axes['a/kernel']), ('b/Conv', 'b/kernel', axes['b/kernel'])]
    made = [Seen(node, (name,), own[1]) for node, name, own in kernels]
    read = [Seen(node, (name,), own[0]) for node, name, own in kernels]
    return find_groups(axes, labels, flags, made, read, [], parts)


def test_channels_with_the_same_slices_are_a_group() -> None:
    """Repeated labels count once; the bias belongs to it."""
    group, = groups_of(LABELS, [], {})
    assert group.classes.tolist() == [3, 4, 5, 6, 7, 8]
    assert group.anchor == ('a/kernel', 1)
    assert group.slices == (('a/kernel', 1), ('a/bias', 0), ('b/kernel', 0))
    assert (group.producers, group.consumers, group.depthwise) == (('a/Conv',), ('b/Conv',), ())


def test_channels_that_stay_are_in_no_group() -> None:
    """Pinned ones, and those that no kernel reads."""
    group, = groups_of(LABELS, [4, 8], {})
    assert group.classes.tolist() == [3, 5, 6, 7]
    unread = LABELS.copy()
    unread[15:27] = 0
    assert groups_of(unread, [], {}) == []


def test_other_slices_make_another_group() -> None:
    """The last two channels have no bias."""
    labels = LABELS.copy()
    labels[13:15] = [13, 14]
    first, second = groups_of(labels, [], {})
    assert (first.classes.tolist(), second.classes.tolist()) == ([3, 4, 5, 6], [7, 8])
    assert ('a/bias', 0) in first.slices
    assert ('a/bias', 0) not in second.slices
    assert (first.name, second.name) == ('a', 'a/kernel')


def test_the_order_is_that_of_the_first_kernel() -> None:
    """Channels are numbered as their filters stand, whatever their labels are."""
    labels = LABELS.copy()
    labels[3:9] = LABELS[3:9][::-1]
    group, = groups_of(labels, [], {})
    assert group.classes.tolist() == [8, 7, 6, 5, 4, 3]


def test_parts_of_a_parameter_are_one() -> None:
    """The bias in two parts, of which each channel has one: still one group, with both parts."""
    axes = dict(PARAMETERS, **{'a/bias': (np.arange(9, 12),), 'a/bias_1': (np.arange(12, 15),)})
    parts = {name: Part('a/bias', 0) for name in ('a/bias', 'a/bias_1')}
    group, = groups_of(LABELS, [], parts, axes)
    assert group.size == 6
    assert {('a/bias', 0), ('a/bias_1', 0)} < set(group.slices)
    assert len(groups_of(LABELS, [], {}, axes)) == 2
