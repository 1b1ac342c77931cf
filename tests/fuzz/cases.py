"""One case: a sound input, a way to damage it, and a command that must refuse it in one line, or succeed."""

import contextlib
import io
import os
import random
import shutil
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from tests.fuzz import mutations, seeds
from tests.fuzz.graphs import damage_graph
from tests.fuzz.sections import damaged_sections
from tests.fuzz.tables import damaged_table
from tf1pruning.abandoned import MARK
from tf1pruning.cli import main
from tf1pruning.cli.program import guarded
from tf1pruning.filters_file import plan_from_filters, read_filters
from tf1pruning.tf1 import SavedModel, tf

Random = random.Random
LONGEST_LINE = 4000
DATA, INDEX, META, STATE = 'model.ckpt.data-00000-of-00001', 'model.ckpt.index', 'model.ckpt.meta', 'checkpoint'


class Target(NamedTuple):
    """What is damaged.

    Attributes:
        folder: of the seeds; a copy of it is what the command works on.
        file: the one that is damaged.
        mutations: ways to damage it.
        commands: one of them is given the result.
        weight: how often, beside the others.
    """

    folder: str
    file: str
    mutations: Sequence[mutations.Mutation]
    commands: Sequence[Tuple[str, ...]]
    weight: float = 1.0


def _edited(kind: Any, graph_of: Callable[[Any], 'tf.GraphDef']) -> mutations.Mutation:
    """Makes a mutation that edits the graph in a message."""
    def edit(content: bytes, chance: Random) -> bytes:
        message = kind.FromString(content)
        damage_graph(graph_of(message), chance)
        return message.SerializeToString(deterministic=True)
    return edit


_NET = ('--outputs', 'output')
_MAKE = ('--ratio', '0.5', '--align', '2', '--output', 'new')
LOOK: Tuple[Tuple[str, ...], ...] = (('inspect', 'net', *_NET), ('inspect', 'net'))
CHANGE = (('prune', 'net', *_NET, *_MAKE), ('soft-prune', 'net', *_NET, *_MAKE),
          ('export', 'net', *_NET, '--output', 'new'),
          ('export', 'net', *_NET, '--no-fold', '--format', 'pb,saved_model', '--output', 'new'),
          ('verify', 'net', 'sound', *_NET))
ALL = (*LOOK, *LOOK, *CHANGE)
_FROZEN = [tuple(word.replace('net', 'net/frozen.pb').replace('sound', 'sound/frozen.pb') for word in words)
           for words in ALL]
_SAVED = [tuple(word for word in words if word not in _NET) for words in ALL]
_STRIP = [('strip', 'net/Pruned_Dir', *_NET, '--plan', 'net/plan.json', '--output', 'new', *more)
          for more in ((), ('--inference',), ('--zero-unconverged',))]
_UNPACK = [('unpack', 'net/model.tfp', '--output', 'new', *more) for more in ((), ('--large', '--json'))]
_TRAIN = [(*words, '--feed', 'is_training=false;keep_prob=1.0') for words in ALL]
_BYTES, _TEXT, _JSON = mutations.damaged_bytes, mutations.damaged_text, mutations.damaged_json
_META = (_BYTES, mutations.damaged_message(tf.MetaGraphDef), *[_edited(tf.MetaGraphDef, lambda it: it.graph_def)] * 2)
_PB = (_BYTES, mutations.damaged_message(tf.GraphDef), *[_edited(tf.GraphDef, lambda graph: graph)] * 2)
_SAVED_PB = (_BYTES, mutations.damaged_message(SavedModel),
             _edited(SavedModel, lambda saved: saved.meta_graphs[0].graph_def))

TARGETS = (
    Target('net', META, _META, ALL, 4), Target('train', 'model.ckpt-3.meta', _META, _TRAIN, 3),
    Target('shards', META, _META, ALL), Target('v1', META, _META, ALL), Target('frozen', 'frozen.pb', _PB, _FROZEN, 4),
    Target('saved', 'saved_model.pb', _SAVED_PB, _SAVED, 2),
    Target('net', INDEX, (_BYTES, damaged_table), ALL, 2), Target('shards', INDEX, (_BYTES, damaged_table), ALL, 2),
    Target('net', DATA, (_BYTES,), CHANGE, 0.5),
    Target('shards', 'model.ckpt.data-00001-of-00002', (_BYTES,), CHANGE, 0.5),
    Target('v1', 'model.ckpt', (_BYTES, damaged_table), ALL, 2), Target('net', STATE, (_BYTES, _TEXT), ALL),
    Target('packed', 'model.tfp', (_BYTES, damaged_sections, damaged_sections), _UNPACK, 2),
    Target('pruned', 'plan.json', (_BYTES, _JSON, _JSON), _STRIP, 2),
    Target('pruned', 'Pruned_Dir/' + META, _META, _STRIP),
    Target('net', 'filters.json', (_BYTES, _JSON, _JSON), [('filters', 'net/filters.json')]),
    Target('loop', 'loop.json', (_BYTES, _JSON, _JSON, _JSON), [('loop',)], 1.5),
    Target('loop', '00_ratio_0.5/Pruned_Dir/plan.json', (_BYTES, _JSON), [('loop',)], 0.5),
    Target('configs', 'digits.yaml', (_BYTES, _TEXT, _TEXT), [('experiment', 'net/digits.yaml')], 2),
    Target('configs', 'loop_digits.yaml', (_BYTES, _TEXT, _TEXT), [('steps', 'net/loop_digits.yaml')], 2))


def make_case(number: int, seed: int, folder: str) -> Tuple[str, ...]:
    """Lays out `net`, damaged, and `sound` in the current folder; the same number always makes the same.

    Args:
        number: of the case.
        seed: of the run.
        folder: of the seeds.

    Returns:
        The command.
    """
    chance = Random('%d/%d' % (seed, number))
    target = chance.choices(TARGETS, [each.weight for each in TARGETS])[0]
    mutation, words = chance.choice(target.mutations), chance.choice(target.commands)
    shutil.copytree(os.path.join(folder, target.folder), 'net')
    shutil.copytree(os.path.join(folder, target.folder), 'sound')
    path = os.path.join('net', target.file)
    with open(path, 'rb') as stream:
        content = stream.read()
    with open(path, 'wb') as stream:
        stream.write(mutation(content, chance))
    return words


def run_case(words: Sequence[str]) -> str:
    """Runs a command in the current folder.

    Returns:
        How it ended: `done`, `differs` or `refused`.

    Raises:
        AssertionError: it did not end as commands must; any other exception is as bad.
    """
    before = _files('.')
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = _run(words)
    said = err.getvalue()
    assert code in (0, 1, 2), 'exit code %r' % code
    assert 'Traceback' not in said, said[-2000:]
    if code == 2:
        last = said.splitlines()[-1] if said else ''
        assert last.startswith('tf1pruning'), 'not one line: %r' % said[-500:]
        assert len(last) < LONGEST_LINE, 'a line of %d characters: %r' % (len(last), last[:500])
    left = _files('.') - before
    if code and words[0] != 'loop':  # which keeps what it has finished
        assert not left, 'left behind: %s' % sorted(left)[:5]
    assert not any(MARK in name for name in left), 'left behind: %s' % sorted(left)
    return ('done', 'differs', 'refused')[code]


def _run(words: Sequence[str]) -> int:
    if words[0] in _OTHERS:
        return guarded(lambda: _OTHERS[words[0]](*words[1:]), 'tf1pruning')
    try:
        return main.main(main.parse(['tf1pruning', *words]))
    except SystemExit as ended:
        return int(ended.code or 0)


def _filters(path: str) -> None:
    from tf1pruning.channels import analyse
    from tf1pruning.passes.to_inference import to_inference
    channels = analyse(to_inference(seeds.NETWORK.load('sound')))
    plan_from_filters(channels, channels.groups, read_filters(path))


def _loop() -> None:
    seeds.run_loop('net')


def _experiment(path: str) -> None:
    from train.config import Experiment, load
    load(Experiment, path)


def _steps(path: str) -> None:
    from train.config import LoopConfig, load
    from train.prune_loop import settings_of
    settings_of(load(LoopConfig, path)).check()


_OTHERS: Dict[str, Callable[..., None]] = {
    'filters': _filters, 'loop': _loop, 'experiment': _experiment, 'steps': _steps}


def _files(folder: str) -> 'set':
    found: List[str] = []
    for root, folders, files in os.walk(folder):
        found.extend(os.path.join(root, name) for name in folders + files)
    return set(found)
