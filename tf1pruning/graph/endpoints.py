"""Where a graph begins and ends: what to propose to somebody who named no inputs or outputs."""

from typing import Dict, FrozenSet, List, Set

from ..tf1 import tf
from .view import GraphView, TensorName

_NETWORK = ('Conv2D', 'Conv3D', 'DepthwiseConv2dNative', 'MatMul', 'Conv2DBackpropInput')
_LOSSES = ('SoftmaxCrossEntropyWithLogits', 'SparseSoftmaxCrossEntropyWithLogits')
_TRAINING = ('Assign', 'Save', 'Restore', 'Apply', 'ResourceApply', 'NoOp', 'L2Loss', 'Assert', 'ArgMax', 'InTopK',
             'SoftmaxCrossEntropy', 'SparseSoftmaxCrossEntropy', 'Equal', 'Shape', 'Squared', 'Print', 'Histogram',
             'ScalarSummary', 'ImageSummary', 'MergeSummary')

_STATISTICS = ('Mean', 'Sum', 'Max', 'Min', 'Sqrt', 'Square', 'SquaredDifference', 'Sub', 'Add', 'AddV2', 'Mul')


def find_placeholders(graph: tf.GraphDef) -> List[str]:
    """Returns the names of the placeholders that must be fed."""
    return [node.name for node in graph.node if node.op == 'Placeholder']


def find_outputs(graph: tf.GraphDef) -> List[str]:
    """Proposes output nodes, the likeliest first: logits of losses, softmax layers, ends of the network.

    The network is what follows a convolution or a matrix product; gradients, metrics and summaries do not belong to it.
    """
    return _Endpoints(GraphView(graph)).proposals()


def likely_outputs(graph: tf.GraphDef) -> List[str]:
    """Returns the likeliest outputs, several where a network has several, as the boxes and the scores of a detector.

    An end that needs more inputs than another, labels for example, is a loss or a metric; one that lies in more scopes
    than others was hardly named to be an output.
    """
    view = GraphView(graph)
    found = _Endpoints(view).proposals()
    fed = {name: _placeholders(view, name) for name in found}
    fewest = min(fed.values(), key=len, default=frozenset())
    beside = [name for name in found if fed[name] <= fewest]
    return [name for name in beside if name.count('/') == min(each.count('/') for each in beside)]


def _placeholders(view: GraphView, name: str) -> FrozenSet[str]:
    return frozenset(each for each in view.ancestors([name]) if view.op(each) == 'Placeholder')


class _Endpoints:
    """Looks for the ends of the network in a graph."""

    def __init__(self, view: GraphView) -> None:
        self.view = view
        starts = [name for name, node in view.nodes.items() if node.op in _NETWORK and self._is_forward(name)]
        self.reached: Set[str] = view.descendants([TensorName(name) for name in starts],
                                                  lambda use: self._is_forward(use.node)) | set(starts)
        self.inner = view.ancestors(starts)  # before the last layers: their side branches are no ends of the network
        self.starts = set(starts)
        self.drawn = self._drawn()
        self.exits = [name for name, node in view.nodes.items() if node.op in ('Exit', 'RefExit')]

    def proposals(self) -> List[str]:
        view = self.view
        ends = [name for name in self.reached - self.inner | self.starts if self._is_end(name)]
        depth: Dict[str, int] = {name: len(view.ancestors([name])) for name in ends}
        logits = [view.source(view.inputs[name][0], ('Reshape',)).node
                  for name, node in view.nodes.items() if node.op in _LOSSES]
        layers = [name for name in self.reached - self.inner if view.op(name) == 'Softmax']
        ordered = logits + layers + sorted(ends, key=lambda name: (-depth[name], name))
        return [name for name in dict.fromkeys(ordered) if name in self.reached]

    def _is_end(self, name: str) -> bool:
        """Nobody in the network reads it, it is no number for a curve, and it does not lie inside a loop."""
        readers = {use.node for use in self.view.uses.get(name, ())} & self.reached
        if name in self.drawn or not readers <= self.drawn:
            return False
        before = self.view.ancestors([name], stop=self.exits)
        return not any(self.view.op(each) in ('Enter', 'RefEnter') for each in before)

    def _drawn(self) -> Set[str]:
        """Returns the nodes that compute a statistic for a summary and nothing else."""
        view = self.view
        found: Set[str] = set()
        waiting = [view.inputs[name][1].node for name, node in view.nodes.items() if node.op == 'ScalarSummary']
        while waiting:
            name = waiting.pop()
            uses = {use.node for use in view.uses.get(name, ())}
            if view.op(name) in _STATISTICS and all(use in found or view.op(use) == 'ScalarSummary' for use in uses):
                found.add(name)
                waiting.extend(tensor.node for tensor in view.inputs[name])
        return found

    def _is_forward(self, name: str) -> bool:
        op, parts = self.view.op(name), name.split('/')
        if op == 'Switch':  # that of a loop leads out of it; others belong to metrics and losses for the most part
            return self.view.op(self.view.source(self.view.inputs[name][1]).node) == 'LoopCond'
        return not (op.startswith(_TRAINING) or op.endswith(('Grad', 'BackpropFilter'))
                    or any(part.startswith(('gradients', 'AssignMovingAvg', 'AssignAvg')) for part in parts))
