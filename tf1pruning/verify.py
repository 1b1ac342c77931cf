"""Two models, the same inputs, compared element by element."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .errors import ModelError, VerificationError
from .graph.channels_last import channels_last
from .graph.shapes import first_line
from .model.concrete import example_shapes
from .model.model import Model
from .model.streamed_graph import streamed_graph
from .tf1 import tf
from .weights import weight_tensors, with_values

TOLERANCE = 1e-5
"""Largest relative difference that counts as rounding."""
_SMALLEST = float(np.finfo(np.float32).tiny)
"""An output of zeros is compared with this: any other number is far from it."""


class Difference(NamedTuple):
    """How far two models are apart.

    Attributes:
        relative: largest |a − b| over all outputs, each relative to its largest |a|.
        absolute: largest |a − b|.
        output: the output where the relative difference is largest.
    """

    relative: float
    absolute: float
    output: str


def random_inputs(model: Model, seed: int = 7) -> Dict[str, np.ndarray]:
    """Draws uniform numbers in [0, 1) for every placeholder, by tensor name; bytes from 0 to 255, integers 0 and 1."""
    random = np.random.RandomState(seed)
    values: Dict[str, np.ndarray] = {}
    for name, shape in sorted(example_shapes(model.view, model.inputs, model.batch).items()):
        dtype = tf.as_dtype(model.view.nodes[name].attr['dtype'].type).as_numpy_dtype
        values[name + ':0'] = np.asarray(random.uniform(0, _above(dtype), shape)).astype(dtype)
    return values


def _above(dtype: Any) -> int:
    """Returns what random numbers of a type stay below: integers may be places in a table of any size."""
    return 256 if dtype == np.uint8 else 2 if np.issubdtype(dtype, np.integer) else 1


def run(model: Model, inputs: Mapping[str, np.ndarray], tensors: Sequence[str] = ()) -> List[np.ndarray]:
    """Runs a model in inference form and returns its outputs, or other tensors.

    Raises:
        ModelError: TensorFlow refuses to run it, or a tensor is text.
    """
    names = [name if ':' in name else name + ':0' for name in tensors or model.outputs]
    try:
        with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
            tf.import_graph_def(channels_last(streamed_graph(model)), name='')
            feeds = {name: value for name, value in inputs.items() if _has(graph, name)}
            values = list(session.run(names, feeds))
    except (tf.errors.OpError, ValueError, KeyError) as error:
        raise ModelError('cannot run the model: %s' % first_line(error)) from error
    for name, value in zip(names, values):
        if np.asarray(value).dtype.kind in 'OSU':
            raise ModelError('output %s is text, which cannot be compared: name a tensor before it' % name)
    return values


def _has(graph: tf.Graph, name: str) -> bool:
    try:
        graph.get_tensor_by_name(name)
    except (KeyError, ValueError):
        return False
    return True


def compare(first: Sequence[np.ndarray], second: Sequence[np.ndarray], names: Sequence[str]) -> Difference:
    """Compares outputs elementwise; another shape or a number that is not finite counts as infinitely far."""
    worst = Difference(0.0, 0.0, names[0] if names else '')
    for a, b, name in zip(first, second, names):
        if a.shape != b.shape:
            return Difference(float('inf'), float('inf'), name)
        if not a.size:
            continue
        x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
        same = (x == y) | (np.isnan(x) & np.isnan(y))
        gap = np.where(same, 0.0, np.abs(x - y))
        absolute = float(gap.max()) if np.isfinite(gap).all() else float('inf')
        finite = np.abs(x[np.isfinite(x)])
        relative = absolute / max(float(finite.max()), _SMALLEST) if finite.size else absolute
        if relative > worst.relative:
            worst = Difference(relative, max(absolute, worst.absolute), name)
    return worst


def verify(first: Model, second: Model, inputs: Optional[Mapping[str, np.ndarray]] = None,
           tolerance: Optional[float] = TOLERANCE, seed: int = 7) -> Difference:
    """Runs two models in inference form on the same inputs.

    Args:
        first: the reference.
        second: the model that must compute the same.
        inputs: values by tensor name; None draws seeded random ones.
        tolerance: largest relative difference allowed; None allows what rounding does, see `allowed_difference`.
        seed: for the random inputs.

    Returns:
        The difference, at most `tolerance`.

    Raises:
        VerificationError: they differ; the message names the first node that does.
    """
    values = dict(inputs) if inputs is not None else random_inputs(first, seed)
    difference = difference_of(first, second, values)
    if tolerance is None:
        tolerance = allowed_difference(difference, first)
    if not difference.relative <= tolerance:
        node = first_difference(first, second, values, tolerance)
        raise VerificationError('output %s differs by %.2e relative (%.2e absolute), more than %.0e%s' % (
            difference.output, difference.relative, difference.absolute, tolerance,
            '; the first node that differs is %s (%s)' % node if node else ''))
    return difference


def difference_of(first: Model, second: Model, inputs: Optional[Mapping[str, np.ndarray]] = None) -> Difference:
    """Measures how far two models are apart, without judging it."""
    values = dict(inputs) if inputs is not None else random_inputs(first)
    outputs = [run(model, values) for model in (first, second)]
    return compare(outputs[0], outputs[1], first.outputs)


def rounding(model: Model, inputs: Optional[Mapping[str, np.ndarray]] = None, seed: int = 0) -> float:
    """Measures what rounding alone does to a model: how far its outputs move when every weight moves by its last digit.

    Two models that are nearer to each other than this cannot be told apart in float32, where outputs are the small
    differences of large numbers for example.

    Returns:
        The relative difference.
    """
    random = np.random.RandomState(seed)
    moved: Dict[str, np.ndarray] = {}
    for name in weight_tensors(model):
        value = model.value(name)
        sign = random.randint(0, 2, value.shape) * 2 - 1
        moved[name] = (value * (1 + sign * np.finfo(value.dtype).eps)).astype(value.dtype)
    return difference_of(model, with_values(model, moved), inputs).relative


def allowed_difference(difference: Difference, model: Model) -> float:
    """Returns the largest relative difference from a model that counts as rounding.

    10⁻⁵, or what rounding alone does to the model where that is more: looked up only where the difference asks for it.
    """
    return TOLERANCE if difference.relative <= TOLERANCE else max(TOLERANCE, rounding(model))


def first_difference(first: Model, second: Model, inputs: Mapping[str, np.ndarray],
                     tolerance: float) -> Optional[Tuple[str, str]]:
    """Returns name and operation of the first node, in topological order, whose values differ.

    Nodes of different shape in the two models have lost channels and cannot be compared; they are passed over.
    """
    names = [name for name in first.view.topological(first.view.ancestors(
        first.view.require(output).node for output in first.outputs))
        if second.view.op(name) == first.view.op(name) and first.view.op(name) in _COMPARABLE]
    if not names:
        return None
    values = [run(model, inputs, names) for model in (first, second)]
    for name, a, b in zip(names, *values):
        if a.shape == b.shape and not compare([a], [b], [name]).relative <= tolerance:
            return name, first.view.op(name)
    return None


_COMPARABLE = ('Conv2D', 'DepthwiseConv2dNative', 'MatMul', 'BiasAdd', 'FusedBatchNorm', 'FusedBatchNormV2',
               'FusedBatchNormV3', 'Relu', 'Relu6', 'Add', 'AddV2', 'Mul', 'ConcatV2', 'Reshape', 'Mean', 'AvgPool',
               'MaxPool', 'Softmax', 'Sigmoid', 'Tanh', 'Sub', 'Pad', 'ResizeBilinear', 'Conv2DBackpropInput')
