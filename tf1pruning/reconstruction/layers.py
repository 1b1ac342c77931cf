"""Layer by layer, from the first to the last: each is fitted to what it put out before anything was pruned."""

import contextlib
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..calibration.examples import Example
from ..channels import Channels
from ..evaluation.changeable import ChangeableGraph
from ..graph.shapes import shape_at
from ..graph.view import TensorName
from ..model.model import Model
from ..passes.shift_outputs import Place, Shift, place_of, shifted_values
from ..passes.substitute import Consumer, consumers_of, in_own_order
from ..plan import PruningPlan, removed_ids
from ..weights import with_values
from .least_squares import Fit
from .patches import patches, window_of

_MOST_INPUTS = 4608
"""Numbers a row may have: the equations take their square in memory and their cube in time."""
_STRENGTH = 1e-3
Tell = Callable[[str], None]


class Layer(NamedTuple):
    """What became of one layer.

    Attributes:
        name: its node.
        before: how far its result was from that before pruning, relative, with its own weights.
        after: likewise with those fitted; None where it was left alone.
        reason: why, in that case.
    """

    name: str
    before: Optional[float]
    after: Optional[float]
    reason: str = ''


class Reconstructed(NamedTuple):
    """Values of parameters after the fit.

    Attributes:
        values: by parameter; slices that are zero by the plan are zero.
        layers: what was done, in the order of the graph.
    """

    values: Dict[str, np.ndarray]
    layers: Tuple[Layer, ...]


def reconstruct(channels: Channels, pruned: Model, plan: PruningPlan, examples: Sequence[Example],
                positions: int = 8, tell: Tell = lambda name: None) -> Reconstructed:
    """Fits the weights of every convolution and matrix product that reads pruned channels.

    As He et al. do (arXiv 1707.06168): each layer's inputs are those it has now, with all fits before it; its wanted
    result is that of the model as it was.

    Args:
        channels: the analysis of the model as it was.
        pruned: its inference form, soft-pruned.
        plan: what is zero in it.
        examples: batches of inputs.
        positions: of every image that count.
        tell: called with the name of every layer.

    Raises:
        ModelError: TensorFlow refuses to run a model.
    """
    removed = np.zeros(channels.pinned.size, bool)
    removed[channels.labels[removed_ids(channels, plan)]] = True
    consumers = [each for each in consumers_of(channels) if removed[each.place.labels].any()]
    places = {each.name: place_of(channels.model, each.name) for each in consumers}
    changeable = {each.parameter for each in consumers if each.parameter}
    changeable |= {place.parameter for place in places.values() if place is not None}
    values: Dict[str, np.ndarray] = {}
    layers: List[Layer] = []
    with contextlib.closing(ChangeableGraph(channels.model, ())) as before, contextlib.closing(
            ChangeableGraph(pruned, changeable)) as now:
        for consumer in consumers:
            tell(consumer.name)
            obstacle = _obstacle(consumer, removed[consumer.place.labels])
            if obstacle:
                layers.append(Layer(consumer.name, None, None, obstacle))
                continue
            task = _Task(channels, with_values(pruned, values), consumer, places[consumer.name], removed)
            layer, changed = _fitted(task, _rows(task, before, now, examples, positions))
            layers.append(layer)
            values.update(changed)
            now.change(changed)
    return Reconstructed(values, tuple(layers))


class _Task(NamedTuple):
    """One layer to be fitted.

    Attributes:
        channels: the analysis of the model as it was.
        now: the model with all fits before this one.
        consumer: the layer.
        place: what takes an offset behind it.
        removed: for every class, whether it is pruned.
    """

    channels: Channels
    now: Model
    consumer: Consumer
    place: Optional[Place]
    removed: np.ndarray


def _obstacle(consumer: Consumer, gone: np.ndarray) -> str:
    kernel = consumer.kernel
    if kernel is None or not consumer.parameter or kernel.shape[1] != gone.size:
        return 'its kernel is no parameter of its own'
    if consumer.place.operation not in ('Conv2D', 'MatMul') or consumer.place.axis == 0:
        return 'no convolution or product of rows'
    if len(kernel) * int((~gone).sum()) > _MOST_INPUTS:
        return 'more than %d inputs' % _MOST_INPUTS
    return ''


def _fitted(task: _Task, rows: Iterator[Tuple[np.ndarray, np.ndarray]]) -> Tuple[Layer, Dict[str, np.ndarray]]:
    """Fits one layer; its own pruned filters stay zero."""
    consumer, place = task.consumer, task.place
    assert consumer.kernel is not None
    kept = ~task.removed[consumer.place.labels]
    made = ~task.removed[task.channels.classes(consumer.parameter, consumer.place.output_axis)]
    taps, _, outputs = consumer.kernel.shape
    fit = Fit(taps * int(kept.sum()), int(made.sum()), place is not None)
    for x, y in rows:
        fit.add(x[:, :, kept].reshape(len(x), -1), y[:, made])
    start = consumer.kernel[:, kept][:, :, made].reshape(-1, int(made.sum()))
    weights, offset = fit.solved(start, _STRENGTH)
    kernel = np.zeros((taps, kept.size, outputs))
    kernel[np.ix_(np.arange(taps), np.flatnonzero(kept), np.flatnonzero(made))] = weights.reshape(
        taps, int(kept.sum()), -1)
    changed = {consumer.parameter: in_own_order(consumer, kernel).astype(consumer.kernel.dtype)}
    if place is not None and offset is not None:
        amount = np.zeros(made.size)
        amount[made] = offset
        changed.update(shifted_values(task.now, {consumer.name: place}, {
            consumer.name: Shift(amount, consumer.place.result_axis)}))
    nothing = None if offset is None else np.zeros(offset.shape)
    return Layer(consumer.name, fit.error(start, nothing), fit.error(weights, offset)), changed


def _rows(task: _Task, before: ChangeableGraph, now: ChangeableGraph, examples: Sequence[Example], positions: int
          ) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """Yields `[P, taps, C]` of what comes in now, and `[P, O]` of what the model as it was puts out."""
    place, random = task.consumer.place, np.random.RandomState(0)
    is_image = len(shape_at(task.channels.shapes, place.tensor) or ()) == 4
    window = window_of(task.channels.model.view, place, task.consumer.shape) if is_image else None
    for example in examples:
        y, x = (np.moveaxis(graph.run(['%s:%d' % tensor], example)[0], place.axis, -1)
                for graph, tensor in ((before, TensorName(place.node)), (now, place.tensor)))
        if window is None:
            yield x[:, np.newaxis], y
            continue
        count = len(y) * min(positions, y.shape[1] * y.shape[2])
        drawn = tuple(random.randint(0, size, count) for size in y.shape[:3])
        yield patches(x, window, (drawn[0], drawn[1], drawn[2])), y[drawn]
