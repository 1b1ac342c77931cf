"""A decomposed network before and after it is trained on, as `configs/finetuning/` has it."""

import dataclasses
import json
import os
import time
from typing import Any, Dict, Optional

from benchmarks.lowrank.case import Places, examples, loaded, network, path_of
from tf1pruning.decomposition import DecomposeOrder, write_decomposed
from tf1pruning.evaluation import Evaluator
from tf1pruning.files import write_text
from tf1pruning.model.model import Model
from train.classifier import Classifier
from train.config import CONFIGS, Experiment, FilesConfig, ImportedConfig, MachineConfig, load

CONFIG = os.path.join(CONFIGS, 'finetuning', 'cifar10_decomposed_resnet.yaml')
ALL = 10000
"""All test images."""


class Finetuning:
    """Decomposes a network, and trains on what comes out.

    Args:
        name: of the network.
        places: where it and the images are.
        output: the folder for checkpoints; what is there is gone on with.
        updates: how long is trained.
    """

    def __init__(self, name: str, places: Places, output: str, updates: int) -> None:
        self._model, self._source = network(name, places), path_of(name, places)
        self._places, self._output, self._updates = places, output, updates

    def accuracy(self, model: Optional[Model] = None) -> float:
        """Returns what a network has right of all test images, in single precision."""
        model = model or self._model
        with Evaluator(model, examples(model, self._places, ALL), [], 250) as evaluator:
            return evaluator.evaluate().accuracy

    def as_it_is(self) -> Dict[str, Any]:
        """Returns the row of the network that is decomposed."""
        return {'kept': 1.0, 'before': self.accuracy(), 'examples': ALL}

    def run(self, key: str, order: DecomposeOrder) -> Dict[str, Any]:
        """Decomposes and trains on; returns a row of the table."""
        folder = os.path.join(self._output, key.replace(' ', '_'))
        report = self._decomposed(os.path.join(folder, 'decomposed'), order)
        start = os.path.join(folder, 'decomposed', report['path'])
        began = time.time()
        tuned = self._experiment(start).train(os.path.join(folder, 'tuned_%d' % self._updates))
        row = {'kept': report['kept'], 'summed_error': report['summed_error'], 'updates': self._updates,
               'seconds': round(time.time() - began), 'examples': ALL}
        for when, path, begins in (('before', start, 'input'), ('after', tuned, 'IteratorGetNext')):
            row[when] = self.accuracy(loaded(path, begins))
        return row

    def _decomposed(self, folder: str, order: DecomposeOrder) -> Dict[str, Any]:
        path = os.path.join(folder, 'decompose.json')
        if not os.path.exists(path):
            write_decomposed(self._model, self._source, folder, order)
        with open(path) as stream:
            return dict(json.load(stream))

    def _experiment(self, checkpoint: str) -> Classifier:
        experiment = load(Experiment, CONFIG)
        model, images = experiment.model, experiment.images
        assert isinstance(model, ImportedConfig)
        assert isinstance(images, FilesConfig)
        return Classifier(dataclasses.replace(
            experiment, model=dataclasses.replace(model, checkpoint=checkpoint),
            images=dataclasses.replace(images, folder=os.path.join(self._places.data, 'cifar10')),
            train=dataclasses.replace(experiment.train, steps=self._updates), machine=MachineConfig(bfloat16=True)))


def settings_file(folder: str, key: str, found: Dict[str, Any]) -> str:
    """Writes down what a search found, as `--settings` takes it; returns the path."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, key.replace(' ', '_') + '.json')
    write_text(path, json.dumps({'layers': found['layers']}))
    return path
