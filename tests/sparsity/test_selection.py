"""Which weight tensors become sparse."""

from typing import Any

import pytest

from tests import builders
from tests.surgery import load
from tf1pruning.errors import NameNotFoundError, OptionError
from tf1pruning.model.model import Model
from tf1pruning.sparsity import SparsitySelection, parse_structure

DEPTHWISE = 'block/depthwise/depthwise_kernel'


@pytest.fixture
def model(tmp_path: Any) -> Model:
    """With a depthwise kernel."""
    return load(builders.save_network('expanded', tmp_path))


def test_depthwise_kernels_take_part_where_they_are_named(model: Model) -> None:
    """In full: a scope around them does not name them."""
    everything = set(SparsitySelection(0.5).tensors(model))
    assert DEPTHWISE not in everything
    assert {'stem/kernel', 'block/expand/kernel'} <= everything
    assert list(SparsitySelection(0.5, only=(DEPTHWISE,)).tensors(model)) == [DEPTHWISE]
    assert DEPTHWISE not in SparsitySelection(0.5, only=('block',)).tensors(model)
    assert list(SparsitySelection(levels={DEPTHWISE: 0.5}).tensors(model)) == [DEPTHWISE]


def test_names_and_scopes(model: Model) -> None:
    """A scope names what is below it; a part of a name is none."""
    block = set(SparsitySelection(0.5, only=('block',)).tensors(model))
    assert block
    assert all(name.startswith('block/') for name in block)
    rest = set(SparsitySelection(0.5, exclude=('block',)).tensors(model))
    assert rest == set(SparsitySelection(0.5).tensors(model)) - block
    for selection in (SparsitySelection(0.5, only=('bloc',)), SparsitySelection(0.5, exclude=('bloc',)),
                      SparsitySelection(levels={'block': 0.5})):
        with pytest.raises(NameNotFoundError, match="no weight tensor named 'bloc"):
            selection.tensors(model)


def test_partitions_are_found_by_the_name_of_the_whole(tmp_path: Any) -> None:
    """Each is a tensor of its own."""
    model = load(builders.save_network('partitioned', tmp_path))
    whole = next(name for name in SparsitySelection(0.5).tensors(model) if 'part_0' in name).rsplit('/', 1)[0]
    assert len(SparsitySelection(0.5, only=(whole,)).tensors(model)) > 1


def test_nothing_left_is_refused(model: Model) -> None:
    """And says why."""
    with pytest.raises(OptionError, match=r'exclude \(--exclude\) leaves nothing'):
        SparsitySelection(0.5, only=('block',), exclude=('block',)).tensors(model)


def test_structures_that_do_not_fit_are_refused(model: Model) -> None:
    """Before any work."""
    with pytest.raises(OptionError, match='depthwise_kernel has none: exclude it'):
        SparsitySelection(None, {DEPTHWISE: 0.5}, parse_structure('channel')).tensors(model)


@pytest.mark.parametrize(('selection', 'message'), [
    (SparsitySelection(), 'say how sparse'), (SparsitySelection(1.0), r'sparsity 1 is not in \[0, 1\)'),
    (SparsitySelection(levels={'a': -1.0}), 'a: sparsity -1 is not in'),
    (SparsitySelection(0.5, {'a': 0.5}), 'leave out sparsity'),
    (SparsitySelection(None, {'a': 0.5}, together=True), r'leave out together \(--global\)'),
    (SparsitySelection(None, {'a': 0.5}, only=('a',)), r'leave out only \(--tensors\)'),
    (SparsitySelection(None, {'a': 0.5}, parse_structure('2:4')), 'leave the levels out'),
    (SparsitySelection(0.9, None, parse_structure('2:4')), 'leave out the sparsity 0.9')])
def test_contradictions_are_refused(selection: SparsitySelection, message: str) -> None:
    """Without a model."""
    with pytest.raises(OptionError, match=message):
        selection.check()
