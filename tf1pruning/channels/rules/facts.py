"""What the rules find out: ids, ties, pins, and the places in a graph that depend on how many channels there are."""

from typing import Dict, List, NamedTuple, Set, Tuple

import numpy as np

from ..layout import Block


class Pin(NamedTuple):
    """Ids that must stay, and why."""

    ids: np.ndarray
    operation: str
    node: str
    reason: str


class Literal(NamedTuple):
    """A number in the graph that spells how many channels there are.

    Attributes:
        node: the node that reads it, as input number `position`.
        element: index in the flat value of that input.
        block: the ids it counts along `axis`.
        sign: -1 where the number counts from the end.
    """

    node: str
    position: int
    element: int
    block: Block
    axis: int
    sign: int = 1


class Divided(NamedTuple):
    """A tensor that is split into pieces along its channels, without a weight for each piece.

    Attributes:
        node: a Split or SplitV.
        axis: the axis that is split.
        pieces: the ids of each piece; of each, one at least has to stay.
    """

    node: str
    axis: int
    pieces: Tuple[np.ndarray, ...]


class Picked(NamedTuple):
    """Channels picked by constant indices.

    Attributes:
        node: the node that picks; its input number `position` is the indices.
        position: see above.
        source: ids of what is picked from.
        indices: the indices, one dimension.
    """

    node: str
    position: int
    source: np.ndarray
    indices: np.ndarray


class Seen(NamedTuple):
    """Ids that an operation produces, contracts over or filters one by one."""

    node: str
    parameters: Tuple[str, ...]
    ids: np.ndarray


class Part(NamedTuple):
    """Tells of a parameter that it is joined with others, as partitioned variables are.

    Attributes:
        whole: the first of the parameters joined.
        axis: the axis along which they are.
    """

    whole: str
    axis: int


class Facts:
    """What the rules find out about a graph."""

    def __init__(self) -> None:
        self.count = 0
        self.ties: List[Tuple[np.ndarray, np.ndarray]] = []
        self.pins: List[Pin] = []
        self.literals: List[Literal] = []
        self.multi_axis: List[Block] = []
        self.produced: List[Seen] = []
        self.contracted: List[Seen] = []
        self.depthwise: List[Seen] = []
        self.roles: Dict[str, str] = {}
        self.shifted: Set[str] = set()  # parameters to which other numbers are added before they are kernels
        self.axes: Dict[str, Tuple[np.ndarray, ...]] = {}
        self.parts: Dict[str, Part] = {}
        self.divided: List[Divided] = []
        self.picked: List[Picked] = []

    def fresh(self, size: int) -> np.ndarray:
        """Returns ids that nothing else has."""
        self.count += size
        return np.arange(self.count - size, self.count)
