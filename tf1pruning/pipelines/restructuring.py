"""The stages that let constant channels, and copies of others, go."""

import dataclasses
from typing import Any, Dict, Optional, Tuple

from ..activations import Calibration
from ..calibration import Scaling, inputs_of
from ..channels import analyse
from ..evaluation import load_labelled
from ..model.model import Model
from ..report.counts import before_after
from ..restructuring import FoldOrder, restructure
from ..typed_yaml import require
from .config import StageConfig
from .state import State, save


@dataclasses.dataclass(frozen=True)
class _RestructuringConfig(StageConfig):
    """What both stages say of examples.

    Attributes:
        data: examples, for what is not provable.
        count: how many of them.
        mean: the model takes (pixel − mean) / deviation.
        deviation: see `mean`.
        batch: how many are run at once, where the model leaves that open.
    """

    data: Optional[str] = None
    count: int = 512
    mean: Tuple[float, ...] = (0.0,)
    deviation: Tuple[float, ...] = (255.0,)
    batch: int = 32

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        self.order.check()
        require(not self.order.looks_at_examples or self.data is not None,
                'what is about constant, or about the same, is seen on examples: give data')
        require(self.count >= 1 and self.batch >= 1, 'count and batch must be at least 1')
        require(all(self.deviation), 'deviation must not be 0')

    @property
    def order(self) -> FoldOrder:
        """What is asked for."""
        return FoldOrder()

    @property
    def calibration(self) -> Optional[Calibration]:
        """The examples."""
        return Calibration(self.data, self.count, self.scaling, self.batch) if self.data else None

    @property
    def scaling(self) -> Scaling:
        """From pixels to what the model takes."""
        return Scaling(self.mean, self.deviation)


@dataclasses.dataclass(frozen=True)
class FoldConstantsConfig(_RestructuringConfig):
    """Fold channels that are constant into the biases behind them; at most one of the first three says how constant.

    Attributes:
        tolerance: a standard deviation of at most this part of the largest one in the layer.
        percentile: this part of every group, 0 to 100.
        search: as many of every group as the accuracy lets go; the examples must have labels.
        max_accuracy_loss: what a search may lose.
    """

    name: str = 'fold_constants'
    tolerance: Optional[float] = None
    percentile: Optional[float] = None
    search: bool = False
    max_accuracy_loss: float = 0.001

    @property
    def order(self) -> FoldOrder:
        """What is asked for."""
        return FoldOrder(self.tolerance, self.percentile, self.search, self.max_accuracy_loss, merging=False)


@dataclasses.dataclass(frozen=True)
class MergeDuplicatesConfig(_RestructuringConfig):
    """Let channels take over from their copies.

    Attributes:
        tolerance: what another channel may leave unexplained; none merges exact duplicates only.
    """

    name: str = 'merge_duplicates'
    tolerance: Optional[float] = None

    @property
    def order(self) -> FoldOrder:
        """What is asked for."""
        return FoldOrder(duplicates=self.tolerance, folding=False)


def run_restructuring(config: _RestructuringConfig, state: State, folder: str) -> Tuple[State, Dict[str, Any]]:
    """Folds or merges, verified; where the examples decide, what follows is compared with the result."""
    channels = analyse(state.load(state.model))
    found = restructure(channels, config.order, config.calibration, _labelled(config, channels.model),
                        config.batch)
    path = save(found.model, folder)
    plan = found.decision.plan
    size = sum(group.size for group in channels.groups)
    record = dict(before_after(channels.model, state.load(path), state.model, path), **found.record)
    record.update(groups=len(plan.groups), channels={'before': size, 'after': size - plan.pruned_count})
    return state._replace(model=path, reference=state.reference if found.decision.provable else path), record


def _labelled(config: _RestructuringConfig, model: Model) -> Any:
    if not config.order.search or config.data is None:
        return None
    return load_labelled(config.data, inputs_of(model), config.count, config.scaling)
