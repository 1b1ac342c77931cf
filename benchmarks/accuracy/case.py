"""A network, how it is cut, and how it is trained again."""

import dataclasses
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

from tf1pruning.errors import OptionError
from train.config import LoopConfig
from train.telling import steps_of_a_retraining

Row = Mapping[str, Any]
"""What `run` noted of one cut by one method."""


@dataclasses.dataclass(frozen=True)
class CutConfig:
    """How much is cut.

    Attributes:
        name: as in the table, e.g. `2.0 × fewer MACs`.
        values: the steps there: what remains of the MACs or parameters after each.
        largest_loss: the target: accuracy that may be lost at most, in points.
        scopes: where channels are taken; none: where the loop says.
    """

    name: str
    values: Tuple[float, ...]
    largest_loss: float
    scopes: Tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """What the cut's folders begin with."""
        return '_'.join(('%g' % self.values[-1],) + self.scopes)


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

    def trained_on(self, steps: int) -> 'CaseConfig':
        """Returns the case with so many steps in the training after the strip; 0: as many as it says.

        Raises:
            OptionError: it has no such training.
        """
        finetune = self.loop.finetune
        if not steps:
            return self
        if finetune is None:
            raise OptionError('%s is not trained after the strip' % self.title)
        return dataclasses.replace(self, loop=dataclasses.replace(
            self.loop, finetune=dataclasses.replace(finetune, steps=steps)))

    def loop_of(self, cut: CutConfig, seed: int) -> LoopConfig:
        """Returns the loop for a cut, with the seed in all of its trainings."""
        loop = dataclasses.replace(self.loop, values=cut.values, scopes=cut.scopes or self.loop.scopes)
        finetune = loop.finetune and dataclasses.replace(loop.finetune, seed=seed)
        sparse = loop.sparse and dataclasses.replace(
            loop.sparse, train=dataclasses.replace(loop.sparse.train, seed=seed))
        return dataclasses.replace(loop, retrain=dataclasses.replace(loop.retrain, seed=seed), finetune=finetune,
                                   sparse=sparse)


def updates_of(loop: LoopConfig) -> int:
    """Returns how many training steps a loop takes, one retraining for each of its values."""
    once = [each.steps for each in (loop.finetune, loop.sparse and loop.sparse.train) if each is not None]
    return len(loop.values) * steps_of_a_retraining(loop) + sum(once)


def budgets_of(cut: CutConfig, rows: Sequence[Row]) -> Iterator[Tuple[int, Dict[str, List[Row]]]]:
    """Yields every number of updates that a cut was measured with, least first, and its rows by their method."""
    own = [row for row in rows if row.get('cut') == cut.name]
    for updates in sorted({row['updates'] for row in own}):
        methods: Dict[str, List[Row]] = {}
        for row in own:
            if row['updates'] == updates:
                methods.setdefault(row['method'], []).append(row)
        yield updates, methods
