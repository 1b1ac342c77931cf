"""The whole way on real images: `python -m train.demo [--short] [--output DIR] [--seed N]`.

Trains a MobileNetV2 with squeeze-and-excitation on scikit-learn's digits, prunes it in a threshold loop, strips and
verifies it, exports the frozen graph, and measures what the exported files do. Everything is read from `configs/`.
"""

import dataclasses
import logging
import os
import shutil
import sys
import time
from typing import Any, Callable, Dict, List, Tuple

from absl import app, flags

from tf1pruning import Pruning, PruningError
from tf1pruning.errors import OutputError
from tf1pruning.model.frozen import load_frozen, save_frozen
from tf1pruning.model.load import load_model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.verify import difference_of
from tf1pruning.workbench import parse_input

from .classifier import Classifier
from .comparison import Comparison, compare
from .config import CONFIGS, ModelConfig, PruneConfig, TrainConfig, TrainingFile, load
from .train import prepare
from .train_pruning import Step, prune_in_steps, strip

FLAGS = flags.FLAGS
SHORT_STEPS, SHORT_RETRAINING, SHORT_THRESHOLDS = 80, 20, (0.55, 0.5)
"""For continuous integration: every stage, but the accuracy means nothing."""


class Stages:
    """Says what is being done and how long the rest will take, judged by the training steps done so far."""

    def __init__(self, count: int, steps: int) -> None:
        """Args:
            count: how many stages there are.
            steps: training steps of all of them together.
        """
        self._count, self._steps = count, steps
        self._number, self._done = 0, 0
        self._began = time.time()

    def begin(self, title: str, steps: int = 0) -> None:
        """Announces a stage that takes some training steps."""
        self._number += 1
        left = ''
        if self._done:
            seconds = (time.time() - self._began) / self._done * (self._steps - self._done)
            left = ', about %.0f s to go' % (seconds + 5)
        self._done += steps
        print('[%d/%d] %s%s' % (self._number, self._count, title, left), flush=True)
