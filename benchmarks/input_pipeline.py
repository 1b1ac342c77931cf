"""What feeding images costs: the training step on batches from the pipeline, against the step on one fixed batch.

Both are the same network with the same optimizer, in one process. They take turns in blocks of steps; the first steps
of a block, for which batches are waiting already, do not count. The ratios are medians over the blocks of the pipeline,
each relative to the blocks before and after it: of the time that passes, and of the processors' time, which says more
where a machine has other things to do.

Run: `python -m benchmarks.input_pipeline [--config=configs/cifar10_resnet20.yaml] [--data=DIR] [--blocks=10]`, which
prints JSON. Without `--data`, random bytes in memory take the place of CIFAR-10: the same work, but for loading.
"""

import dataclasses
import json
import os
import time
from typing import Callable, List, Tuple

import numpy as np
from absl import app, flags

from tf1pruning.tf1 import tf
from train.config import CONFIGS, Experiment, FilesConfig, load
from train.data import Examples, Form, Split, load_images, training_input_fn
from train.model_fn import classifier_model_fn
from train.program import prepare

FLAGS = flags.FLAGS
_NOT_COUNTED = 5
"""Steps at the beginning of a block: what the pipeline prefetched while it was not its turn, and some more."""

Step = Callable[[], None]


def examples_of(experiment: Experiment, folder: str) -> Examples:
    """Returns the images to train on, or 50,000 of random bytes if there is no folder."""
    images, form = experiment.images, Form.of(experiment.model)
    if folder and isinstance(images, FilesConfig):
        return load_images(dataclasses.replace(images, folder=folder), form).train
    random = np.random.RandomState(0)
    pixels = random.randint(0, 256, (50000,) + form.shape).astype(np.uint8)
    labels = random.randint(0, form.classes, 50000).astype(np.int32)
    assert isinstance(images, FilesConfig)
    return Split(pixels, labels, form.normalisation(images))


def training_step(experiment: Experiment, batches: Callable[[], Tuple[tf.Tensor, tf.Tensor]]) -> Step:
    """Returns a function that runs one training step on what `batches` puts into the graph."""
    with tf.Graph().as_default():
        tf.set_random_seed(experiment.train.seed)
        features, labels = batches()
        spec = classifier_model_fn(features, labels, tf.estimator.ModeKeys.TRAIN,
                                   {'model': experiment.model, 'train': experiment.train})
        session = tf.Session()
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        return session.make_callable(spec.train_op)


def from_pipeline(experiment: Experiment, examples: Examples) -> Tuple[tf.Tensor, tf.Tensor]:
    """Puts the pipeline into the graph, as an estimator does."""
    train = experiment.train
    batches = training_input_fn(examples, train.batch_size, train.seed, experiment.images.augment)()
    iterator = tf.data.make_initializable_iterator(batches)
    tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
    return iterator.get_next()


def fixed(experiment: Experiment) -> Tuple[tf.Tensor, tf.Tensor]:
    """Puts one batch of random numbers into the graph."""
    random, form, size = np.random.RandomState(0), Form.of(experiment.model), experiment.train.batch_size
    features = random.normal(size=(size,) + form.shape).astype(np.float32)
    labels = random.randint(0, form.classes, size).astype(np.int32)
    variables = [tf.get_local_variable(name, initializer=value) for name, value in
                 (('features', features), ('labels', labels))]
    tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, tf.local_variables_initializer())
    return variables[0].read_value(), variables[1].read_value()


def block(step: Step, count: int) -> np.ndarray:
    """Runs a block; returns the mean milliseconds of the steps that count: that passed, and of the processors."""
    for _ in range(_NOT_COUNTED):
        step()
    began = np.array([time.perf_counter(), time.process_time()])
    for _ in range(count):
        step()
    return (np.array([time.perf_counter(), time.process_time()]) - began) / count * 1e3


def main(arguments: List[str]) -> None:
    """Measures and prints JSON: milliseconds per step and their ratio."""
    prepare()
    experiment = load(Experiment, FLAGS.config)
    examples = examples_of(experiment, FLAGS.data)
    without = training_step(experiment, lambda: fixed(experiment))
    feeding = training_step(experiment, lambda: from_pipeline(experiment, examples))
    block(feeding, _NOT_COUNTED)
    plain, fed = [block(without, FLAGS.steps)], []
    for _ in range(FLAGS.blocks):
        fed.append(block(feeding, FLAGS.steps))
        plain.append(block(without, FLAGS.steps))
    ratios = np.median([2 * each / (before + after) for each, before, after in zip(fed, plain, plain[1:])], axis=0)
    fixed_ms, pipeline_ms = np.median(plain, axis=0), np.median(fed, axis=0)
    print(json.dumps({'tensorflow': tf.__version__, 'config': os.path.basename(FLAGS.config),
                      'batch_size': experiment.train.batch_size, 'blocks': FLAGS.blocks, 'steps': FLAGS.steps,
                      'fixed_ms': round(fixed_ms[0], 1), 'pipeline_ms': round(pipeline_ms[0], 1),
                      'steps_per_second': round(1e3 / pipeline_ms[0], 2), 'ratio': round(ratios[0], 3),
                      'fixed_cpu_ms': round(fixed_ms[1], 1), 'pipeline_cpu_ms': round(pipeline_ms[1], 1),
                      'cpu_ratio': round(ratios[1], 3)}))


if __name__ == '__main__':
    flags.DEFINE_string('config', os.path.join(CONFIGS, 'cifar10_resnet20.yaml'), 'Network, images and training.')
    flags.DEFINE_string('data', '', 'The folder of the images; without it, random bytes.')
    flags.DEFINE_integer('blocks', 10, 'How many blocks of steps with the pipeline.')
    flags.DEFINE_integer('steps', 20, 'How many steps of a block count.')
    app.run(main)
