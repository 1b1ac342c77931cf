"""What a pruning loop is told, and what it returns."""

from typing import Callable, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from ..channels import analyse
from ..graph.inference import Input, Scalar
from ..model.checkpoint import load_checkpoint
from ..model.model import Model
from ..passes.soft_prune import zeros_of
from ..passes.to_inference import to_inference
from ..plan import PruningPlan
from ..ranking import Amount
from .journal import Record
from .steps import Step

Evaluate = Callable[[str], Mapping[str, float]]
"""Measures a checkpoint on validation images: `accuracy`, and whatever else is to be in the history."""


class Graph(NamedTuple):
    """What a checkpoint does not say of itself.

    Attributes:
        outputs: names of the output nodes.
        inputs: tensors to cut at.
        feeds: values of other placeholders.
    """

    outputs: Tuple[str, ...]
    inputs: Mapping[str, Input] = {}
    feeds: Mapping[str, Scalar] = {}

    def load(self, checkpoint: str) -> Model:
        """Reads a checkpoint of this network."""
        return load_checkpoint(checkpoint, self.outputs, self.inputs, self.feeds)

    def zeros(self, checkpoint: str, plan: PruningPlan) -> Dict[str, Dict[int, np.ndarray]]:
        """Returns what a plan sets to zero, variable → axis → indices; for `training.HoldZeros`."""
        return zeros_of(analyse(to_inference(self.load(checkpoint))), plan)


class LoopSettings(NamedTuple):
    """How the loop goes.

    Attributes:
        steps: one after the other, each pruning more than the one before.
        scopes: what may be pruned; see `channels.blocks.select_groups`.
        exclude: what may not.
        criterion: scores the channels.
        combine: what is made of a channel's scores in several kernels.
        limits: alignment, least channels, largest part of a group, together or each for itself.
        least_accuracy: the floor, as an accuracy; None for none.
        largest_loss: the floor, as what may be lost of the baseline's accuracy; None for none.
        max_failed_rate: above this part of chosen filters that are not zero, a step is retrained again.
        max_retries: how often at most a step is retrained again, for failed filters or below the floor.
        max_halvings: how often at most a step that stays below the floor is tried half as large.
        training: what else the result depends on, such as how the program trains; like the others, it must be the same
            when a loop goes on.
    """

    steps: Tuple[Step, ...]
    scopes: Tuple[str, ...] = ('blocks',)
    exclude: Tuple[str, ...] = ()
    criterion: str = 'redundancy'
    combine: str = 'mean'
    limits: Amount = Amount()
    least_accuracy: Optional[float] = None
    largest_loss: Optional[float] = None
    max_failed_rate: float = 0.1
    max_retries: int = 2
    max_halvings: int = 1
    training: str = ''

    def floor(self, baseline: float) -> float:
        """Returns the accuracy below which a step is not accepted."""
        floors = [each for each in (self.least_accuracy, None if self.largest_loss is None
                                    else baseline - self.largest_loss) if each is not None]
        return max(floors, default=0.0)


class LoopResult(NamedTuple):
    """What came out.

    Attributes:
        baseline: accuracy, MACs and parameters of the network as it was.
        attempts: one record for every retraining, in order; `accepted` tells which count.
        checkpoint: the soft-pruned, retrained checkpoint accepted last; the one given, if none was.
        plan: what is zero in it; None if nothing was accepted.
        stripped: the report of the strip; None if nothing was accepted.
        final: what is shipped: measured, with `checkpoint` and `pb`; None without a finish, or if nothing was accepted.
    """

    baseline: Record
    attempts: Tuple[Record, ...]
    checkpoint: str
    plan: Optional[PruningPlan]
    stripped: Optional[Record]
    final: Optional[Record] = None
