"""Layer by layer, from the first to the last: each is fitted to what it put out before anything was pruned."""

from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..activations.session import tensors_of
from ..calibration.examples import Example
from ..channels import Channels
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
    values: Dict[str, np.ndarray] = {}
    layers: List[Layer] = []
    for consumer in consumers_of(channels):
        gone = removed[consumer.place.labels]
        if not gone.any():
            continue
        tell(consumer.name)
        obstacle = _obstacle(channels, consumer, gone)
        if obstacle:
            layers.append(Layer(consumer.name, None, None, obstacle))
            continue
        layer, changed = _fitted(channels, with_values(pruned, values), consumer, ~gone, removed, examples,
                                 positions)
        layers.append(layer)
        values.update(changed)
    return Reconstructed(values, tuple(layers))


def _obstacle(channels: Channels, consumer: Consumer, gone: np.ndarray) -> str:
    kernel = consumer.kernel
    if kernel is None or not consumer.parameter or kernel.shape[1] != gone.size:
        return 'its kernel is no parameter of its own'
    if consumer.place.operation not in ('Conv2D', 'MatMul') or consumer.place.axis == 0:
        return 'no convolution or product of rows'
    if len(kernel) * int((~gone).sum()) > _MOST_INPUTS:
        return 'more than %d inputs' % _MOST_INPUTS
    return ''


def _fitted(channels: Channels, now: Model, consumer: Consumer, kept: np.ndarray, removed: np.ndarray,
            examples: Sequence[Example], positions: int) -> Tuple[Layer, Dict[str, np.ndarray]]:
    """Fits one layer; its own pruned filters stay zero."""
    assert consumer.kernel is not None
    made = ~removed[channels.classes(consumer.parameter, consumer.place.output_axis)]
    place = place_of(channels.model, consumer.name)
    taps, _, outputs = consumer.kernel.shape
    fit = Fit(taps * int(kept.sum()), int(made.sum()), place is not None)
    for x, y in _rows(channels, now, consumer, examples, positions):
        fit.add(x[:, :, kept].reshape(len(x), -1), y[:, made])
    start = consumer.kernel[:, kept][:, :, made].reshape(-1, int(made.sum()))
    weights, offset = fit.solved(start, _STRENGTH)
    kernel = np.zeros((taps, kept.size, outputs))
    kernel[np.ix_(np.arange(taps), np.flatnonzero(kept), np.flatnonzero(made))] = weights.reshape(
        taps, int(kept.sum()), -1)
    changed = {consumer.parameter: in_own_order(consumer, kernel).astype(consumer.kernel.dtype)}
    if place is not None and offset is not None:
        changed.update(_offset(now, consumer, place, offset, made))
    nothing = None if offset is None else np.zeros(offset.shape)
    return Layer(consumer.name, fit.error(start, nothing), fit.error(weights, offset)), changed


def _offset(now: Model, consumer: Consumer, place: Place, offset: np.ndarray, made: np.ndarray
            ) -> Dict[str, np.ndarray]:
    """Returns the parameter that takes the offset."""
    amount = np.zeros(made.size)
    amount[made] = offset
    return shifted_values(now, {consumer.name: place}, {consumer.name: Shift(amount, consumer.place.result_axis)})


def _rows(channels: Channels, now: Model, consumer: Consumer, examples: Sequence[Example], positions: int
          ) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """Yields `[P, taps, C]` of what comes in now, and `[P, O]` of what the model as it was puts out."""
    place, random = consumer.place, np.random.RandomState(0)
    is_image = len(shape_at(channels.shapes, place.tensor) or ()) == 4
    window = window_of(channels.model.view, place, consumer.shape) if is_image else None
    with tensors_of(channels.model, [TensorName(consumer.name)]) as wanted, tensors_of(now, [place.tensor]) as given:
        for example in examples:
            y, x = (np.moveaxis(run(example)[0], place.axis, -1) for run in (wanted, given))
            if window is None:
                yield x[:, np.newaxis], y
                continue
            count = len(y) * min(positions, y.shape[1] * y.shape[2])
            drawn = tuple(random.randint(0, size, count) for size in y.shape[:3])
            yield patches(x, window, (drawn[0], drawn[1], drawn[2])), y[drawn]
