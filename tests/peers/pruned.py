"""A small graph through the whole pipeline, and what plain TensorFlow says of the files that it wrote."""

import json
import os
from collections import Counter
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from tests import plain
from tests.builders import Builder, Saved, save_graph
from tests.surgery import load
from tf1pruning.choice import Selection
from tf1pruning.pipeline import prune
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf

HALF = Amount(ratio=0.5, align=1)
TOLERANCE = 1e-5
Shapes = Dict[str, Tuple[int, ...]]


class Pruned(NamedTuple):
    """What one run of `prune` read and wrote.

    Attributes:
        saved: the checkpoint before.
        folder: what was written.
        report: the content of `report.json`.
        soft: prefix of the soft-pruned checkpoint.
        hard: prefix of the stripped checkpoint.
        frozen: path of the stripped `.pb`.
    """

    saved: Saved
    folder: str
    report: Dict[str, Any]
    soft: str
    hard: str
    frozen: str

    @property
    def before(self) -> Shapes:
        """Shapes of what the first checkpoint holds, by key."""
        return shapes_of(self.saved.prefix)

    @property
    def after(self) -> Shapes:
        """Shapes of what the stripped checkpoint holds, by key."""
        return shapes_of(self.hard)

    @property
    def plan(self) -> Dict[str, Dict[str, Any]]:
        """The groups of `plan.json`, by name."""
        with open(os.path.join(self.folder, 'plan.json')) as stream:
            return {group['name']: group for group in json.load(stream)['groups']}


def prune_graph(build: Builder, folder: Any, amount: Amount = HALF, criterion: str = 'l1', **selection: Any) -> Pruned:
    """Saves a graph with random weights under a folder and prunes it."""
    return prune_saved(save_graph(build, folder), folder, amount, criterion, **selection)


def prune_saved(saved: Saved, folder: Any, amount: Amount = HALF, criterion: str = 'l1', **selection: Any) -> Pruned:
    """Prunes what a checkpoint holds into `<folder>/out`."""
    output = os.path.join(str(folder), 'out')
    report = prune(load(saved), saved.prefix, output, Selection(amount, criterion=criterion, **selection))
    name = os.path.basename(saved.prefix)
    soft, hard = (os.path.join(output, each, name) for each in ('Pruned_Dir', 'Stripped_Dir'))
    return Pruned(saved, output, report, soft, hard, os.path.join(output, 'Stripped_Dir', 'modify.pb'))


def shapes_of(prefix: str) -> Shapes:
    """Shapes of what a checkpoint holds, by key."""
    return {name: tuple(shape) for name, shape in
            tf.train.load_checkpoint(prefix).get_variable_to_shape_map().items()}


def assert_exact(pruned: Pruned, feeds: Optional[Dict[str, np.ndarray]] = None) -> List[np.ndarray]:
    """Compares, element by element, the first graph with its channels at zero and both stripped files.

    Returns:
        The outputs; those of the network before pruning are others.
    """
    saved = pruned.saved
    feeds = dict(plain.feeds_for(saved.inputs) if feeds is None else feeds)
    with tf.Graph().as_default(), plain.new_session() as session:
        saver = tf.train.import_meta_graph(saved.prefix + '.meta')
        names = ['%s:0' % name for name in saved.outputs]
        fed = dict(feeds, **{name + ':0': value for name, value in saved.feeds.items()})
        saver.restore(session, saved.prefix)
        original = session.run(names, fed)
        saver.restore(session, pruned.soft)
        expected = session.run(names, fed)
    for found in (plain.run_checkpoint(pruned.hard, saved.outputs, feeds),
                  plain.run_frozen(pruned.frozen, saved.outputs, feeds)):
        for wanted, each in zip(expected, found):
            assert np.isfinite(wanted).all()
            assert plain.relative(wanted, each) <= TOLERANCE
    assert max(plain.relative(first, second) for first, second in zip(original, expected)) > 1e-3
    return expected


def frozen_graph(path: str) -> tf.GraphDef:
    """Reads a `.pb`."""
    graph = tf.GraphDef()
    with open(path, 'rb') as stream:
        graph.ParseFromString(stream.read())
    return graph


def operations(path: str) -> 'Counter[str]':
    """Counts the operations of a `.pb` by type."""
    return Counter(node.op for node in frozen_graph(path).node)


def measured_macs(path: str, feeds: Dict[str, np.ndarray]) -> int:
    """Counts the MACs of a `.pb` for the inputs given, from the tensors that TensorFlow really makes."""
    with tf.Graph().as_default() as graph, plain.new_session() as session:
        tf.import_graph_def(frozen_graph(path), name='')
        layers = [each for each in graph.get_operations() if each.type in _MACS]
        values = session.run([[each.outputs[0], list(each.inputs)] for each in layers], feeds)
    return sum(_MACS[each.type](made, read) for each, (made, read) in zip(layers, values))


def _product(shape: Sequence[int]) -> int:
    return int(np.prod(shape, dtype=np.int64))


_MACS = {
    'Conv2D': lambda made, read: made.size * _product(read[1].shape[:3]),
    'DepthwiseConv2dNative': lambda made, read: made.size * _product(read[1].shape[:2]),
    'Conv2DBackpropInput': lambda made, read: read[2].size * _product(read[1].shape[:3]),
    'MatMul': lambda made, read: made.size * read[0].shape[1],
}
