"""The network of an experiment: trained, and trained on while it is compressed."""

import dataclasses
import os
from typing import NamedTuple

from tf1pruning.clustering import shared_values
from tf1pruning.model.model import Model
from tf1pruning.search.zeroing import save_whole
from tf1pruning.training import MagnitudePruning, PolynomialDecay, SharedWeights, clusters_of, warm_start_from
from tf1pruning.weights import weight_tensors, with_values

from ..classifier import Classifier
from ..config import TrainConfig
from .tasks import Task

_UNTIL = 0.6
"""The part of the fine-tuning after which the sparsity is the final one."""
_MASKS = 20
"""How often masks are made until then."""


class FineTuning(NamedTuple):
    """How what is compressed is trained on.

    Attributes:
        steps: number of updates.
        rate: of the training's learning rate.
        method: what finds the shared values, see `clustering.METHODS`.
    """

    steps: int
    rate: float = 0.3
    method: str = 'exact'

    def of(self, train: TrainConfig) -> TrainConfig:
        """Returns the training for it."""
        return dataclasses.replace(train, steps=self.steps, learning_rate=self.rate * train.learning_rate,
                                   warmup_steps=0, schedule='cosine', decay_at=())


def compressed(classifier: Classifier, task: Task, checkpoint: str, tuning: FineTuning, train: TrainConfig,
               folder: str) -> Model:
    """Returns the trained network of an experiment; what its file's numbers become is not looked at.

    Args:
        classifier: trains.
        task: the experiment.
        checkpoint: the trained network.
        tuning: how it is trained on.
        train: how it was trained.
        folder: where trainings go; one that is there is gone on with.
    """
    if task.family == 'pruned':
        checkpoint = _pruned(classifier, task, checkpoint, tuning, train, folder)
    elif task.family == 'clustered':
        checkpoint = _clustered(classifier, task, checkpoint, tuning, train, folder)
    return classifier.network.load(checkpoint)


def _pruned(classifier: Classifier, task: Task, checkpoint: str, tuning: FineTuning, train: TrainConfig,
            folder: str) -> str:
    """Lets the smallest weights go, more and more, while the rest is trained."""
    last = max(1, int(_UNTIL * tuning.steps))
    schedule = PolynomialDecay(0, last, max(1, last // _MASKS), 0.0, task.amount)
    return classifier.train(os.path.join(folder, task.label), tuning.of(train), warm_start_from(checkpoint),
                            [MagnitudePruning(classifier.network, schedule)])


def _clustered(classifier: Classifier, task: Task, checkpoint: str, tuning: FineTuning, train: TrainConfig,
               folder: str) -> str:
    """Gives every tensor a few values, and trains these."""
    model = classifier.network.load(checkpoint)
    count = int(task.amount)
    shared = save_whole(with_values(model, {name: shared_values(model.value(name), count, tuning.method).values()
                                            for name in weight_tensors(model)}),
                        os.path.join(folder, task.label + '-start'))
    hook = SharedWeights(clusters_of(classifier.network.load(shared), count), 'mean')
    return classifier.train(os.path.join(folder, task.label), tuning.of(train), warm_start_from(shared), [hook])
