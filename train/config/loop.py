"""How to prune in a loop."""

import dataclasses
from typing import Optional, Tuple

from tf1pruning.typed_yaml import require

from .training import TrainConfig


@dataclasses.dataclass(frozen=True)
class SparseConfig:
    """Training that makes whole channels small before any is chosen.

    Attributes:
        train: the training.
        kind: group_lasso (all weights of a channel) or slimming (|γ| of batch norm).
        coefficient: λ, multiplied by the learning rate of the moment.
        grow_steps: λ grows from zero over so many updates.
        emphasis: of group_lasso: how many times harder the weakest channel of a group is pulled than the strongest.
    """

    train: TrainConfig
    kind: str = 'group_lasso'
    coefficient: float = 0.001
    grow_steps: int = 0
    emphasis: float = 1.0

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require(self.kind in ('group_lasso', 'slimming'), 'kind: expected group_lasso or slimming, found %r'
                % self.kind)
        require(self.coefficient > 0, 'coefficient must be above 0, not %s' % self.coefficient)
        require(self.grow_steps >= 0, 'grow_steps must not be negative: %s' % self.grow_steps)
        require(self.emphasis >= 1, 'emphasis must be at least 1, not %s' % self.emphasis)


@dataclasses.dataclass(frozen=True)
class SoftConfig:
    """Soft filter pruning (He et al., arXiv 1808.06866).

    Attributes:
        steps: so many updates, before the filters are chosen for good and held.
        every_steps: updates between two choices: as a rule an epoch.
    """

    steps: int
    every_steps: int

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require(self.steps >= 1 and self.every_steps >= 1, 'steps and every_steps must be at least 1')


@dataclasses.dataclass(frozen=True)
class DistillConfig:
    """Self-distillation: (1 − α) · own loss + α · T² · KL(teacher ‖ student), see `with_distillation`.

    Attributes:
        alpha: α.
        temperature: T.
    """

    alpha: float = 0.9
    temperature: float = 4.0

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require(0 < self.alpha <= 1, 'alpha must be above 0 and at most 1, not %s' % self.alpha)
        require(self.temperature > 0, 'temperature must be above 0, not %s' % self.temperature)


@dataclasses.dataclass(frozen=True)
class LoopConfig:
    """`configs/loop_*.yaml`: the pruning loop that follows a training.

    Attributes:
        experiment: the network, its images and its training: a file beside this one.
        retrain: the training after each soft-pruning.
        kind: what `values` are: threshold (filters with a larger fraction of small weights go), ratio (this part of
            every group goes), or macs, parameters or bytes (this part of the original remains).
        values: one step each.
        scopes: blocks (inverted residuals and squeeze-and-excitation), all, or names of blocks.
        exclude: what is left alone.
        criterion: what scores filters; see `tf1pruning.criteria`.
        align: what remains of a group is a multiple of this.
        min_channels: at least so many stay in every group.
        max_ratio: at most this part of a group goes.
        together: channels of all groups compete for a ratio or a target.
        target_tolerance: how far from a target a step may be, as a part of the original.
        least_accuracy: the accuracy floor on the validation images; 0 for none.
        largest_loss: the floor as what may be lost of the baseline's accuracy; 1 for none.
        max_failed_rate: above this fraction of chosen filters that came back, a step is retrained again.
        max_retries: how often at most, for that or below the floor.
        max_halvings: how often at most a step that stays below the floor is tried half as large.
        sparse: a training with a regulariser before the first choice.
        soft: begins every retraining with filters that may come back, and are chosen anew; else they are held at once.
        distill: lets every training from then on learn from the network as it was, too.
        recalibrate: batches of training images to estimate batch norm's statistics on after the strip; 0 for none.
        finetune: a last training, of the stripped network.
    """

    experiment: str
    retrain: TrainConfig
    kind: str = 'threshold'
    values: Tuple[float, ...] = (0.8, 0.7, 0.6, 0.55, 0.5)
    scopes: Tuple[str, ...] = ('blocks',)
    exclude: Tuple[str, ...] = ()
    criterion: str = 'redundancy'
    align: int = 4
    min_channels: int = 1
    max_ratio: float = 1.0
    together: bool = False
    target_tolerance: float = 0.05
    least_accuracy: float = 0.0
    largest_loss: float = 1.0
    max_failed_rate: float = 0.1
    max_retries: int = 2
    max_halvings: int = 1
    sparse: Optional[SparseConfig] = None
    soft: Optional[SoftConfig] = None
    distill: Optional[DistillConfig] = None
    recalibrate: int = 0
    finetune: Optional[TrainConfig] = None

    def __post_init__(self) -> None:
        """Refuses values outside their range; what the steps may be is checked where they are made."""
        require(bool(self.values), 'values is empty: give the steps of the loop')
        for name in ('least_accuracy', 'largest_loss', 'max_failed_rate', 'target_tolerance'):
            require(0 <= getattr(self, name) <= 1, '%s must be from 0 to 1, not %s' % (name, getattr(self, name)))
        for name in ('max_retries', 'max_halvings', 'recalibrate'):
            require(getattr(self, name) >= 0, '%s must not be negative: %s' % (name, getattr(self, name)))

    @property
    def has_floor(self) -> bool:
        """Whether accuracy decides what is accepted."""
        return self.least_accuracy > 0 or self.largest_loss < 1
