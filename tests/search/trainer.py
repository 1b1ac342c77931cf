"""A trainer that takes no time: it moves every number that is not zero."""

import os
from typing import Any, Dict, List, Optional

import numpy as np

from tests import plain
from tf1pruning.model.model import Model
from tf1pruning.plan import PruningPlan
from tf1pruning.search.finish import Finish
from tf1pruning.search.steps import Step
from tf1pruning.tf1 import tf

STEPS = tuple(Step('ratio', value) for value in (0.25, 0.5, 0.75))
KERNEL = 'block/expand/kernel'


class Trainer:
    """Trains and measures in no time.

    Attributes:
        calls: names of the folders trained in, and of the checkpoints measured.
        comes_back: how many zeros come back in a training, by the number of the training.
        fail_at: number of the call at which the program dies.
    """

    def __init__(self, comes_back: Optional[Dict[int, int]] = None, fail_at: int = 0) -> None:
        self.calls: List[str] = []
        self.comes_back = comes_back or {}
        self.fail_at = fail_at

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) == self.fail_at:
            raise KeyboardInterrupt

    def train(self, checkpoint: str, output: str, plan: PruningPlan) -> str:
        """Writes what was soft-pruned, a little moved, and maybe with some zeros gone."""
        self._call(os.path.basename(os.path.dirname(output)) + '/' + os.path.basename(output))
        random = np.random.RandomState(len(os.path.relpath(output)) % 7)
        with tf.Graph().as_default(), plain.new_session() as session:
            saver = tf.train.import_meta_graph(checkpoint + '.meta')
            saver.restore(session, checkpoint)
            for variable in tf.trainable_variables():
                value = session.run(variable)
                moved = value * (1 + 0.01 * random.uniform(-1, 1, value.shape))
                if variable.op.name == KERNEL:
                    back = self.comes_back.get(sum('retrained' in call for call in self.calls), 0)
                    zeros = np.flatnonzero(~moved.any(axis=(0, 1, 2)))[:back]
                    moved[..., zeros] = 1.0
                variable.load(moved, session)
            saver.save(session, os.path.join(output, 'model.ckpt'))
        return output

    def measure(self, checkpoint: str) -> Dict[str, float]:
        """Accuracy falls with the part of filters that are zero."""
        self._call('measure')
        kernel = plain.values_of(checkpoint)[KERNEL]
        return {'accuracy': float(kernel.any(axis=(0, 1, 2)).mean()), 'loss': 0.5}


def before_and_after(trainer: Trainer) -> Dict[str, Any]:
    """A training before the choice, and two stages after the strip."""
    nothing = PruningPlan(())

    def moved(checkpoint: str, folder: str) -> str:
        return trainer.train(checkpoint, folder, nothing)

    def recalibrated(model: Model) -> Model:
        return model.replace(weights=model.weights.replaced({
            name: model.weights[name] + 1 for name in model.weights if name.endswith('moving_mean')}))
    return {'prepare': moved, 'finish': Finish(trainer.measure, recalibrated, moved)}
