"""Experiments one by one: train on, write the file, measure it, write what was measured."""

import json
import os
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from tf1pruning.calibration import Example, inputs_of
from tf1pruning.exports.folded import folded
from tf1pruning.exports.tflite import write_tflite
from tf1pruning.files import write_bytes, write_text
from tf1pruning.passes.to_inference import to_inference

from ..classifier import Classifier
from ..config import TrainConfig
from .compressing import FineTuning, compressed
from .confusion import draw_confusion
from .measuring import as_record, outputs_of, size_of, times_of
from .scores import confusion_of, scores_of
from .summary import metrics_text, summary_text
from .tasks import Task

_EXAMPLES = 100
"""On so many training images activations are measured, for int8."""
_TIMED = 300
"""On so many test images times are measured."""
SUMMARY = 'summary'


class Experiments:
    """Runs experiments on one trained network.

    Args:
        classifier: trains, and has the images.
        train: how the network was trained.
        checkpoint: the trained network.
        tuning: how what is compressed is trained on.
        tests: test images and their labels.
        folder: where everything is written.
        stem: begins the names of files.
    """

    def __init__(self, classifier: Classifier, train: TrainConfig, checkpoint: str, tuning: FineTuning,
                 tests: Tuple[np.ndarray, np.ndarray], folder: str, stem: str) -> None:
        self._classifier, self._train, self._checkpoint, self._tuning = classifier, train, checkpoint, tuning
        self._images, self._labels = tests
        self._folder, self._stem = folder, stem
        self._examples: List[Example] = []

    def run(self, task: Task) -> Dict[str, Any]:
        """Does an experiment.

        Writes `<stem>.<label>.tflite` and, where matplotlib is installed, `<task>-confusion-matrix.png`.

        Returns:
            What was measured, as plain data.
        """
        model = to_inference(compressed(self._classifier, task, self._checkpoint, self._tuning, self._train,
                                        os.path.join(self._folder, 'trainings')))
        path = os.path.join(self._folder, '%s.%s.tflite' % (self._stem, task.label))
        write_tflite(folded(model), path, task.numbers, self._calibration(task, list(inputs_of(model))))
        outputs = outputs_of(path, self._images)
        record = dict(as_record(size_of(path), path), task=task.name, family=task.family, images=len(self._labels),
                      **scores_of(outputs, self._labels)._asdict())
        picture = draw_confusion(confusion_of(outputs, self._labels), '%s, %d test images' % (
            task.name, len(self._labels)))
        if picture:
            write_bytes(os.path.join(self._folder, task.name + '-confusion-matrix.png'), picture)
        return record

    def compare(self, records: Sequence[Mapping[str, Any]], title: str) -> str:
        """Measures how long the files of experiments take, in turn.

        Writes `<task>-metrics.md`, `summary.md`, and `summary.json` with what they say.

        Args:
            records: what `run` has returned.
            title: of the comparison.

        Returns:
            The comparison.
        """
        images = self._images[:_TIMED]
        paths = [os.path.join(self._folder, record['file']) for record in records]
        timed = [dict(record, milliseconds=each.mean, median=each.median, runs=len(images))
                 for record, each in zip(records, times_of(paths, images))]
        for record in timed:
            write_text(os.path.join(self._folder, record['task'] + '-metrics.md'), metrics_text(record))
        text = summary_text(timed, title)
        write_text(os.path.join(self._folder, SUMMARY + '.md'), text)
        write_text(os.path.join(self._folder, SUMMARY + '.json'), json.dumps(timed, indent=1) + '\n')
        return text

    def _calibration(self, task: Task, names: Sequence[str]) -> List[Example]:
        if task.numbers == 'int8' and not self._examples:
            images, _ = next(self._classifier.images.train.batches(_EXAMPLES))
            self._examples = [{names[0]: image[np.newaxis]} for image in images]
        return self._examples
