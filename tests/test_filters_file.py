"""Files of filters: ours, old ones, and ones that want to run something."""

import collections
import json
import os
import pickle
from typing import Any, Dict

import numpy as np
import pytest

from tests import builders
from tests.surgery import channels_of
from tf1pruning.channels import Channels
from tf1pruning.choice import choose
from tf1pruning.errors import PlanError
from tf1pruning.filters_file import filters_of, plan_from_filters, read_filters
from tf1pruning.plan import plan_from_channels
from tf1pruning.ranking import Amount


@pytest.fixture(scope='module')
def channels(tmp_path_factory: Any) -> Channels:
    """A network with an inverted residual of 24 channels and a gate of 8."""
    return channels_of(builders.save_network('nested_se', tmp_path_factory.mktemp('filters')))


def pruned(channels: Channels, content: Any) -> Dict[str, Any]:
    """What a dictionary of filters means: group → channels."""
    return {group.name: list(group.pruned) for group in plan_from_filters(channels, channels.groups, content).groups}


def test_what_we_write_is_read_back(channels: Channels, tmp_path: Any) -> None:
    """Group → convolution → indices, and the plan itself."""
    plan = choose(channels, channels.groups, Amount(ratio=0.5), 'l1')
    written = filters_of(channels, plan)
    assert set(written['block']) == {'block/expand/Conv2D', 'block/depthwise/depthwise', 'block/project/Conv2D',
                                     'block/se/reduce/Conv2D', 'block/se/expand/Conv2D'}
    assert all(indices == list(plan.groups[1].pruned) for indices in written['block'].values())
    expected = {group.name: list(group.pruned) for group in plan.groups}
    for name, text in (('filters.json', json.dumps(written)), ('plan.json', plan.to_json())):
        (tmp_path / name).write_text(text)
        assert pruned(channels, read_filters(str(tmp_path / name))) == expected


@pytest.mark.parametrize('content', [
    {'block/expand/Conv2D': [2, 5]}, {'block/depthwise/depthwise': [5, 2, 2]}, {'block': [2, 5]},
    {'block': {'block/expand/Conv2D': [2, 5]}}, {'block': {'block/project/Conv2D': (2, 5)}},
    {'whatever': {'block/expand/Conv2D': [2, 5], 'block/depthwise/depthwise': [2, 5]}},
    {'block': np.array([2, 5])}, {'block': {'block/expand/Conv2D': [np.int64(5), np.int32(2)]}}])
def test_spellings(channels: Channels, content: Any) -> None:
    """By convolution, by scope, or both."""
    assert pruned(channels, content) == {'block': [2, 5]}


def test_a_convolution_means_the_filters_that_it_makes(channels: Channels) -> None:
    """The projection makes channels of the stream; in the scope of the block it reads those of the block."""
    assert pruned(channels, {'block/project/Conv2D': [2, 5]}) == {'stem': [2, 5]}


def test_a_convolution_between_two_groups(channels: Channels) -> None:
    """The gate's first layer reads one group and makes another: the scope tells which is meant."""
    content = {'block': {'block/se/reduce/Conv2D': [20]}, 'block/se': {'block/se/reduce/Conv2D': [3]}}
    assert pruned(channels, content) == {'block': [20], 'block/se': [3]}


@pytest.mark.parametrize(('content', 'message'), [
    ({'nowhere/Conv2D': [1]}, 'nowhere'), ({'block/expand/Conv2D': [24]}, 'cannot prune 24'),
    ({'block/expand/Conv2D': [-1]}, 'cannot prune'), ({'block': [99]}, 'cannot prune'),
    ({'block/expand/Conv2D': list(range(24))}, 'cannot prune'), ({'block/expand/Conv2D': 'abc'}, 'not a list of'),
    ({'block/expand/Conv2D': [1.5]}, 'not a list of'), ([1, 2], 'must be a dictionary'), (None, 'must be a dictionary'),
    ({'block/expand/Conv2D': None}, 'not a list of')])
def test_filters_that_do_not_fit(channels: Channels, content: Any, message: str) -> None:
    """The name and what is wrong with it."""
    with pytest.raises(PlanError, match=message):
        pruned(channels, content)


PLAIN = {'block/expand/Conv2D': [2, 5]}
ORDERED = collections.OrderedDict([('block/expand/Conv2D', [np.int64(2), np.int32(5)])])
DEFAULT = collections.defaultdict(list, {'block/expand/Conv2D': [2, 5]})


@pytest.mark.parametrize('protocol', [0, 2, pickle.HIGHEST_PROTOCOL])
@pytest.mark.parametrize('content', [PLAIN, ORDERED, DEFAULT], ids=['plain', 'numpy-ints', 'defaultdict'])
def test_old_pickles(channels: Channels, tmp_path: Any, content: Any, protocol: int) -> None:
    """Containers, strings and numbers, NumPy's too."""
    with open(str(tmp_path / 'filters.pkl'), 'wb') as stream:
        pickle.dump(content, stream, protocol)
    assert pruned(channels, read_filters(str(tmp_path / 'filters.pkl'))) == {'block': [2, 5]}


def test_a_pickle_of_an_array_of_indices(channels: Channels, tmp_path: Any) -> None:
    """What `np.argsort` gives: read as a list, or refused as anything but plain data; never half."""
    with open(str(tmp_path / 'filters.pkl'), 'wb') as stream:
        pickle.dump({'block/expand/Conv2D': np.array([2, 5])}, stream)
    try:
        content = read_filters(str(tmp_path / 'filters.pkl'))
    except PlanError as error:
        assert 'only lists, dictionaries, strings and numbers' in str(error)  # noqa: PT017
    else:
        assert pruned(channels, content) == {'block': [2, 5]}


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


class EvalEvil(Evil):
    """Likewise, with another function."""

    def __reduce__(self) -> Any:
        return eval, ('__import__("os").system(%r)' % self.command,)


@pytest.mark.parametrize('kind', [Evil, EvalEvil])
@pytest.mark.parametrize('wrapped', [False, True])
def test_a_malicious_pickle_is_refused_and_not_run(tmp_path: Any, kind: Any, wrapped: bool) -> None:
    """The file it would make is not there; loaded carelessly, it is."""
    proof = tmp_path / 'proof'
    evil = kind('touch %s' % proof)
    path = str(tmp_path / 'filters.pkl')
    with open(path, 'wb') as stream:
        pickle.dump({'block': [evil]} if wrapped else evil, stream)
    with pytest.raises(PlanError, match='refused to load .*filters.pkl.*only lists, dictionaries'):
        read_filters(path)
    assert not proof.exists()
    with open(path, 'rb') as stream:
        pickle.load(stream)
    assert proof.exists()


def test_a_pickle_of_numpy_objects_is_refused(tmp_path: Any) -> None:
    """A NumPy scalar of objects would unpickle inside."""
    class Scalar:
        def __reduce__(self) -> Any:
            return np.core.multiarray.scalar, (np.dtype('O'), b'data')

    path = str(tmp_path / 'filters.pkl')
    with open(path, 'wb') as stream:
        pickle.dump([Scalar()], stream)
    with pytest.raises(PlanError):
        read_filters(path)


@pytest.mark.parametrize(('name', 'content'), [
    ('filters.pkl', b''), ('filters.pkl', b'\x80\x03}q\x00X'), ('filters.pkl', b'not a pickle'), ('filters.json', b'{'),
    ('filters.json', b'\xff\xfe'), ('filters.json', b''), ('filters.pickle', pickle.dumps([1, 2])[:-3])])
def test_damaged_files(tmp_path: Any, name: str, content: bytes) -> None:
    """The path is named."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PlanError, match=r'filters\.(pkl|json|pickle) is damaged'):
        read_filters(str(tmp_path / name))


def test_a_file_that_is_missing(tmp_path: Any) -> None:
    """The path and the reason."""
    with pytest.raises(PlanError, match=r'filters\.json: No such file'):
        read_filters(str(tmp_path / 'filters.json'))


def test_filters_of_a_multiplied_depthwise(tmp_path: Any) -> None:
    """The projection has two inputs for each channel; its indices mean the same channels."""
    channels = channels_of(builders.save_network('multiplier_2', tmp_path))
    written = filters_of(channels, plan_from_channels(channels, {'block': [1, 4]}))['block']
    assert written == {'block/expand/Conv2D': [1, 4], 'block/depthwise/depthwise': [1, 4],
                       'block/project/Conv2D': [2, 3, 8, 9]}
    assert pruned(channels, {'block': {'block/project/Conv2D': [2, 3, 8, 9]}}) == {'block': [1, 4]}


def test_filters_of_a_concat(tmp_path: Any) -> None:
    """The consumer's indices are behind those of the branch before; only this group's are listed."""
    channels = channels_of(builders.save_network('concatenated', tmp_path))
    written = filters_of(channels, plan_from_channels(channels, {'right': [0, 11]}))['right']
    assert written == {'right/Conv2D': [0, 11], 'last/Conv2D': [16, 27]}
    assert pruned(channels, {'right': written}) == {'right': [0, 11]}


def test_filters_of_parts(tmp_path: Any) -> None:
    """Indices along the whole kernel."""
    channels = channels_of(builders.save_network('partitioned', tmp_path))
    written = filters_of(channels, plan_from_channels(channels, {'block_1': [1, 20]}))['block_1']
    assert all(indices == [1, 20] for indices in written.values())
