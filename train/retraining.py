"""What the pruning loop asks of a classifier: to train what was pruned, before and after it is stripped."""

import dataclasses
import functools
import os
from typing import Mapping, Optional, Tuple

from tf1pruning.channels import analyse
from tf1pruning.choice import SameCounts
from tf1pruning.model.checkpoint import resolve_prefix
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan
from tf1pruning.search.finish import Finish
from tf1pruning.search.zeroing import zero
from tf1pruning.tf1 import tf
from tf1pruning.training import (
    GroupLasso,
    HoldZeros,
    NetworkSlimming,
    SoftFilterPruning,
    Strength,
    batches_of,
    recalibrate,
    warm_start_from,
    with_distillation,
)

from .classifier import Change, Classifier
from .config import AugmentConfig, LoopConfig, TrainConfig
from .data import training_input_fn


class Retraining:
    """Trains and measures what the loop gives it.

    Args:
        classifier: trains and measures.
        config: the loop.
        dense: the trained network; what learns by distillation learns from it.
        part: the images to decide by.
    """

    def __init__(self, classifier: Classifier, config: LoopConfig, dense: str, part: str) -> None:
        self._classifier, self._config, self._part = classifier, config, part
        self._dense = resolve_prefix(dense)
        self._network = classifier.network

    def evaluate(self, checkpoint: str) -> Mapping[str, float]:
        """Measures a checkpoint of the network, whole or with zeros."""
        return self._classifier.evaluate(checkpoint, self._part)

    def prepare(self, checkpoint: str, folder: str) -> str:
        """Trains with a regulariser that makes channels small; returns the folder."""
        sparse = self._config.sparse
        assert sparse is not None
        strength = Strength(sparse.coefficient, sparse.grow_steps)
        if sparse.kind == 'slimming':
            hook: tf.train.SessionRunHook = NetworkSlimming(self._network, strength, self._config.scopes,
                                                            self._config.exclude)
        else:
            hook = GroupLasso(self._network, strength, self._config.scopes, self._config.exclude, sparse.emphasis)
        return self.train(folder, sparse.train, checkpoint, hook)

    def retrain(self, checkpoint: str, folder: str, plan: PruningPlan) -> str:
        """Trains a soft-pruned checkpoint while its zeros are held; returns the folder."""
        if self._config.soft is not None:
            checkpoint, plan = self._train_softly(checkpoint, folder, plan)
            plan.save(os.path.join(folder, 'plan.json'))
        return self.train(folder, self._config.retrain, checkpoint, HoldZeros(self._network.zeros(checkpoint, plan)))

    def train(self, folder: str, train: TrainConfig, checkpoint: str,
              hook: Optional[tf.train.SessionRunHook] = None) -> str:
        """Trains a checkpoint of the network, in a folder of its own; returns the folder."""
        self._classifier.train(folder, train, warm_start_from(checkpoint), [hook] if hook else [], self._change())
        return folder

    def finish(self) -> Finish:
        """Returns what follows the strip."""
        config = self._config
        return Finish(self._evaluate_stripped, self._recalibrate if config.recalibrate else None,
                      self._finetune if config.finetune is not None else None)

    def _train_softly(self, checkpoint: str, folder: str, plan: PruningPlan) -> Tuple[str, PruningPlan]:
        """Lets the filters come back, and chooses as many of every group anew; returns them at zero, and the plan."""
        soft = self._config.soft
        assert soft is not None
        own = os.path.join(folder, 'soft')
        train = dataclasses.replace(self._config.retrain, steps=soft.steps)
        hook = SoftFilterPruning(self._network, SameCounts(plan), soft.every_steps,
                                 os.path.join(own, 'last_choice.json'))
        trained = resolve_prefix(self.train(own, train, checkpoint, hook))
        chosen = SameCounts(plan).plan(analyse(to_inference(self._network.load(trained))))
        return zero(self._network, trained, chosen, os.path.join(folder, 'soft_start')), chosen

    def _change(self) -> Optional[Change]:
        """Returns what makes the model_fn learn from the dense network, too."""
        distill = self._config.distill
        if distill is None:
            return None
        return functools.partial(with_distillation, teacher=self._network.load(self._dense),
                                 logits=self._network.outputs[0], alpha=distill.alpha,
                                 temperature=distill.temperature)

    def _evaluate_stripped(self, checkpoint: str) -> Mapping[str, float]:
        return self._classifier.of_checkpoint(checkpoint).evaluate(checkpoint, self._part)

    def _finetune(self, checkpoint: str, folder: str) -> str:
        """Trains the stripped network, which takes fewer operations than the one with zeros."""
        train = self._config.finetune
        assert train is not None
        self._classifier.of_checkpoint(checkpoint).train(folder, train, change=self._change())
        return folder

    def _recalibrate(self, model: Model) -> Model:
        train, images = self._config.retrain, self._classifier.images
        input_fn = training_input_fn(images.train, train.batch_size, train.seed, AugmentConfig())
        return recalibrate(model, batches_of(input_fn, ('input',), self._config.recalibrate))
