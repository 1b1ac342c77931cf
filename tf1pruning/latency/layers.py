"""How long a layer takes as it is and as branches, measured one layer at a time on TFLite files."""

import hashlib
import json
import os
import tempfile
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from ..errors import OptionError
from ..exports.tflite import write_tflite
from ..files import write_text
from ..graph.constants import make_constant
from ..graph.inference import Input
from ..graph.shapes import set_declared_shape, shape_at
from ..lowrank import Branches, Ranks
from ..lowrank.costs import Costs, ladder
from ..lowrank.solver import is_matrix
from ..model.frozen import freeze
from ..model.model import Model, Weights
from ..passes.decompose import decompose
from ..plain_json import load_json
from ..tf1 import tf
from ..weights.linear_layers import LinearLayer, linear_layers
from .interleaved import in_turn

FASTER = 0.95
"""Only what takes at most this part of the layer's own time counts as faster: less could be noise."""
_STEPS = 8
_ROUNDS = 30
_KERNEL = 'kernel'


class LayerTimes(Costs):
    """Measures, and remembers: layers of the same sizes are measured once.

    A sparse branch is a dense convolution to the runtime and makes no layer faster, so that it counts as infinitely
    dear, as does a low-rank branch that is not clearly faster.

    Args:
        model: in inference form.
        layers: its layers, by name.
        path: a file that remembers times from run to run; of one machine and one TensorFlow.

    Raises:
        OptionError: the file is damaged.
    """

    def __init__(self, model: Model, layers: Mapping[str, LinearLayer], path: Optional[str] = None) -> None:
        self._model, self._layers, self._path = model, layers, path
        self._known: Dict[str, Tuple[float, float]] = {}
        self._dense: Dict[str, float] = {}
        if path is not None and os.path.exists(path):
            self._known = _remembered(path)

    def dense(self, name: str) -> float:
        """Returns the milliseconds of a layer as it is; measured beside its cheapest branches."""
        if name not in self._dense:
            self._dense[name] = self._times(name, self.ranks(name)[0])[0]
        return self._dense[name]

    def kept(self, name: str, ranks: Ranks, density: float) -> float:
        """Returns milliseconds, in proportion to `dense`; infinity for what is not clearly faster."""
        if density or not max(ranks):
            return float('inf')
        dense, branches = self._times(name, ranks)
        return branches / dense * self.dense(name) if branches <= FASTER * dense else float('inf')

    def density(self, name: str, ranks: Ranks, budget: float) -> Optional[float]:
        """Returns 0 where the ranks fit: nothing is left for a sparse branch that nothing is gained by."""
        return 0.0 if self.kept(name, ranks, 0) <= budget else None

    def ranks(self, name: str) -> List[Ranks]:
        """Returns ranks that are multiples of 4 where there are enough channels: runtimes compute in such steps."""
        shape = self._layers[name].shape
        found = {(min(-(-ranks[0] // 4) * 4, shape[2]), min(-(-ranks[1] // 4) * 4, shape[3]))
                 for ranks in ladder(shape, _STEPS)}
        if is_matrix(shape):
            found = {(min(ranks), min(ranks)) for ranks in found}
        return sorted(found, key=lambda ranks: (ranks[0] * ranks[1], ranks))

    def _times(self, name: str, ranks: Ranks) -> Tuple[float, float]:
        """Returns the milliseconds of a layer and of its branches, all its readers together."""
        totals = np.zeros(2)
        for reader in self._layers[name].readers:
            single = _single(self._model, self._layers[name], reader)
            key = hashlib.sha256(json.dumps([str(single.graph), ranks, tf.__version__]).encode()).hexdigest()[:32]
            if key not in self._known:
                self._known[key] = _measured(single, ranks)
                self._save()
            totals += self._known[key]
        return float(totals[0]), float(totals[1])

    def _save(self) -> None:
        if self._path is not None:
            write_text(self._path, json.dumps(self._known, indent=1, sort_keys=True) + '\n')


def _remembered(path: str) -> Dict[str, Tuple[float, float]]:
    try:
        found = {key: (float(one), float(two)) for key, (one, two) in load_json(path).items()}
        if not all(0 < each < float('inf') for pair in found.values() for each in pair):
            raise ValueError('a time is not above 0')
    except (OSError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise OptionError('%s is no file of times that --times wrote: remove it, or give another one (%s)'
                          % (path, error)) from error
    return found


def _single(model: Model, layer: LinearLayer, reader: str) -> Model:
    """Returns a model of one reader of a layer for one example: its input, its kernel of ones, and itself."""
    shape = [size or 1 for size in shape_at(model.shapes, model.view.inputs[reader][0]) or ()]
    shape[0] = max(1, shape[0] // model.batch)
    graph = tf.GraphDef()
    graph.versions.CopyFrom(model.graph.versions)
    node = graph.node.add(name='x', op='Placeholder')
    original = model.view.nodes[reader]
    node.attr['dtype'].type = original.attr['T'].type
    set_declared_shape(node, shape)
    sizes = layer.shape if layer.operation == 'Conv2D' else layer.shape[:1:-1] if layer.transposed else layer.shape[2:]
    ones = np.ones(sizes, tf.as_dtype(original.attr['T'].type).as_numpy_dtype)
    graph.node.add().CopyFrom(make_constant(_KERNEL, ones))
    copy = graph.node.add()
    copy.CopyFrom(original)
    copy.name = 'layer'
    del copy.input[:]
    copy.input.extend(['x', _KERNEL])
    for attribute in [each for each in copy.attr if each.startswith('_')]:
        del copy.attr[attribute]
    meta = tf.MetaGraphDef(graph_def=graph)
    return Model('layer', meta, Weights(_nothing, ()), ('layer',), {'x': Input('', tuple(shape))}, frozen=True)


def _nothing(name: str) -> Any:
    raise KeyError(name)


def _measured(single: Model, ranks: Ranks) -> Tuple[float, float]:
    """Writes a layer and its branches as TFLite files and runs them in turn, with one thread."""
    layers, _ = linear_layers(single)
    kh, kw, inputs, outputs = layers[_KERNEL].shape
    random = np.random.RandomState(0)
    core = None if is_matrix((kh, kw)) else random.randn(kh, kw, *ranks).astype(np.float32)
    branches = Branches(random.randn(1, 1, inputs, ranks[0]).astype(np.float32), core,
                        random.randn(1, 1, ranks[1], outputs).astype(np.float32))
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name + '.tflite') for name in ('dense', 'branches')]
        for path, each in zip(paths, (single, freeze(decompose(single, layers, {_KERNEL: branches})))):
            write_tflite(each, path)
        rows = in_turn(paths, _ROUNDS, 1, 1)
    return rows[0].median_ms, rows[0].median_ms * (rows[1].ratio or 1.0)
