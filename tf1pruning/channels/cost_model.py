"""What a model would cost if some channels went, without stripping it."""

from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from ..cost import count_parameters, macs_by_node
from ..graph.view import TensorName
from ..tf1 import tf
from .analysis import Channels
from .layout import EMPTY, Layout


class _Product(NamedTuple):
    """A count that is a factor times how many ids stay in each of some arrays."""

    factor: float
    arrays: Tuple[np.ndarray, ...]


class CostModel:
    """Counts MACs, parameters and bytes for any choice of channels.

    Every count is a sum of products: of a convolution, its MACs for one incoming and one outgoing channel, times how
    many of each stay; of a parameter, how many indices stay along each axis. One evaluation is a pass over the ids.

    Args:
        channels: the analysis.
    """

    def __init__(self, channels: Channels) -> None:
        self._count = channels.labels.size
        model = channels.model
        learnt = count_parameters(model, set(channels.shapes))
        self._macs = _Sum([_node_product(channels, name, macs) for name, macs in _macs(channels).items()])
        self._parameters = _Sum([_Product(1.0, channels.axes[name]) if name in channels.axes
                                 else _Product(float(size), ()) for name, size in learnt.items()])
        self._bytes = _Sum([_Product(_item_size(channels, name), channels.axes.get(name, ()))
                            for name in _stored(channels)])

    def macs(self, kept: np.ndarray) -> int:
        """Counts multiply-accumulates for one example.

        Args:
            kept: for every id, whether it stays, shape `[ids]`.
        """
        return int(round(self._macs(kept)))

    def parameters(self, kept: np.ndarray) -> int:
        """Counts the numbers that training learns."""
        return int(round(self._parameters(kept)))

    def bytes(self, kept: np.ndarray) -> int:
        """Counts the bytes of all weights, statistics included."""
        return int(round(self._bytes(kept)))

    def everything(self) -> np.ndarray:
        """Returns the choice that keeps all channels."""
        return np.ones(self._count, bool)


class _Sum:
    """Evaluates many products at once."""

    def __init__(self, products: List[_Product]) -> None:
        arrays = [array for product in products for array in product.arrays]
        self._ids = np.concatenate(arrays) if arrays else np.zeros(0, int)
        self._starts = np.cumsum([0] + [array.size for array in arrays])
        self._owner = np.repeat(np.arange(len(products)), [len(product.arrays) for product in products])
        self._factors = np.array([product.factor for product in products])

    def __call__(self, kept: np.ndarray) -> float:
        totals = np.concatenate([[0], np.cumsum(kept[self._ids])])
        counts = (totals[self._starts[1:]] - totals[self._starts[:-1]]).astype(np.float64)
        values = self._factors.copy()
        np.multiply.at(values, self._owner, counts)
        return float(values.sum())


def _macs(channels: Channels) -> Dict[str, int]:
    return macs_by_node(channels.model.view, channels.shapes)


def _node_product(channels: Channels, name: str, macs: int) -> _Product:
    """MACs of a layer are proportional to how many indices of its kernel stay."""
    layout = _kernel(channels, name)
    arrays = tuple(block.ids.ravel() for block in layout.blocks if len(block.axes) == 1)
    size = float(np.prod([array.size for array in arrays])) if arrays else 1.0
    return _Product(macs / size, arrays)


def _kernel(channels: Channels, name: str) -> Layout:
    for tensor in reversed(channels.model.view.inputs[name][:2]):
        layout = channels.layouts.get(TensorName(*tensor), EMPTY)
        if layout.parameters:
            return layout
    return EMPTY


def _stored(channels: Channels) -> List[str]:
    """Returns the parameters that a file holds: variables, or a frozen graph's constants."""
    model = channels.model
    if not model.frozen:
        return [name for name in model.variables if name in channels.shapes]
    return [name for name in channels.axes if model.view.op(name) == 'Const']


def _item_size(channels: Channels, name: str) -> float:
    node = channels.model.view.nodes[name]
    size = float(tf.as_dtype(node.attr['dtype'].type).size)
    return size if name in channels.axes else size * float(np.prod(channels.model.variables[name].shape))
