"""A network's consumers with all that is known of what they read."""

from typing import Dict, List, Mapping, NamedTuple, Optional

import numpy as np

from ..activations import Calibration, Moments, measure
from ..activations.samples import sample
from ..channels import Channels
from ..graph.view import TensorName
from ..passes.fold_constants import Decision, Known, decide, known_constants, nothing_known
from ..passes.merge_duplicates import exact_duplicates, near_duplicates, with_merges
from ..passes.nearly_constant import spreads, taken_as_constant
from ..passes.substitute import Consumer, consumers_of
from .order import FoldOrder


class Study(NamedTuple):
    """What decisions are made of.

    Attributes:
        channels: the analysis.
        consumers: everything that contracts over channels.
        known: what they read that is constant for certain.
        moments: of what they read; empty without examples.
        samples: `[positions, channels]` by consumer; empty where nobody asked for them.
        spread: for every class how much it changes, see `spreads`.
    """

    channels: Channels
    consumers: List[Consumer]
    known: Dict[str, Known]
    moments: Mapping[TensorName, Moments]
    samples: Mapping[str, np.ndarray]
    spread: np.ndarray

    def decide(self, order: FoldOrder, chosen: Optional[np.ndarray] = None) -> Decision:
        """Decides what goes.

        Args:
            order: whether constants are folded and duplicates merged, and how near these must be.
            chosen: for every class whether it is taken for its mean; None takes what is constant for certain only.
        """
        if chosen is not None and order.search:
            chosen = self._searchable(chosen)
        known = self.known if chosen is None else taken_as_constant(
            self.consumers, self.known, self.moments, chosen)
        if not order.folding:
            known = {name: nothing_known(each) for name, each in known.items()}
        decision = decide(self.channels, self.consumers, known)
        merges = exact_duplicates(self.channels) if order.merging else []
        if order.duplicates is not None:
            merges += near_duplicates(self.channels, self.consumers, self.samples, order.duplicates)
        return with_merges(self.channels, self.consumers, decision, merges, self.samples)

    def _searchable(self, chosen: np.ndarray) -> np.ndarray:
        """Leaves out what a search cannot try: channels read by a kernel that is no parameter of its own."""
        found = chosen.copy()
        for consumer in self.consumers:
            if not consumer.parameter:
                found[consumer.place.labels] = False
        return found


def study(channels: Channels, calibration: Optional[Calibration] = None, with_samples: bool = False) -> Study:
    """Studies a network, on examples where there are some.

    Args:
        channels: the analysis of a model in inference form.
        calibration: the examples.
        with_samples: whether near duplicates will be looked for.

    Raises:
        DataError: the examples are missing or do not fit.
        ModelError: activations are not finite.
    """
    consumers = consumers_of(channels)
    known = known_constants(channels, consumers)
    if calibration is None:
        return Study(channels, consumers, known, {}, {}, np.zeros(channels.pinned.size))
    examples = calibration.examples(channels.model)
    tensors = {consumer.place.tensor: consumer.place.axis for consumer in consumers}
    moments = measure(channels.model, tensors, examples)
    drawn = sample(channels.model, tensors, examples, batches=len(examples)) if with_samples else {}
    samples = {consumer.name: drawn[consumer.place.tensor] for consumer in consumers if drawn}
    return Study(channels, consumers, known, moments, samples, spreads(channels, consumers, moments))
