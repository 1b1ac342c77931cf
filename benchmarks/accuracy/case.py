"""A network, how it is cut, and how it is trained again."""

import dataclasses
from typing import Tuple

from train.config import LoopConfig


@dataclasses.dataclass(frozen=True)
class CutConfig:
    """How much is cut.

    Attributes:
        name: as in the table, e.g. `2.0 × fewer MACs`.
        values: the steps there: what remains of the MACs or parameters after each.
        largest_loss: the target: accuracy that may be lost at most, in points.
    """

    name: str
    values: Tuple[float, ...]
    largest_loss: float


@dataclasses.dataclass(frozen=True)
class CaseConfig:
    """`benchmarks/accuracy/<case>.yaml`.

    Attributes:
        title: as in the table.
        loop: the pruning loop; the other methods get as many updates, in trainings with the same keys.
        cuts: how much is cut.
        note: what a reader has to know.
        imported: whether the network comes with its checkpoint, which --model names.
    """

    title: str
    loop: LoopConfig
    cuts: Tuple[CutConfig, ...]
    note: str = ''
    imported: bool = False

    def loop_of(self, cut: CutConfig, seed: int) -> LoopConfig:
        """Returns the loop for a cut, with the seed in all of its trainings."""
        loop = dataclasses.replace(self.loop, values=cut.values)
        trainings = {name: dataclasses.replace(getattr(loop, name), seed=seed) for name in ('retrain', 'finetune')
                     if getattr(loop, name) is not None}
        return dataclasses.replace(loop, **trainings)


def updates_of(loop: LoopConfig) -> int:
    """Returns how many training steps a loop takes, one retraining for each of its values."""
    return len(loop.values) * loop.retrain.steps + (loop.finetune.steps if loop.finetune is not None else 0)
