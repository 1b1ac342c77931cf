"""The stages: each takes a checkpoint, trains, and leaves a checkpoint; what is there already is not made again."""

import os
from typing import Any, List, NamedTuple, Optional, Sequence

import numpy as np

from tf1pruning.clustering import shared_values
from tf1pruning.files import atomic_folder
from tf1pruning.network import Network
from tf1pruning.tf1 import tf
from tf1pruning.training.distillation import divergence_from
from tf1pruning.training.magnitude_pruning import MagnitudePruning
from tf1pruning.training.shared_weights import SharedWeights
from tf1pruning.training.sparsity_schedules import PolynomialDecay

from .recipes import ALPHA, TEMPERATURE, TOGETHER, Phase, Recipe

CHECKPOINT = 'model.ckpt'
EVERY_STEPS = 100
"""Between two choices of what is pruned."""
_TEST_BATCH = 1000


class Examples(NamedTuple):
    """Images with their labels.

    Attributes:
        images: uint8 `[N, 28, 28, 1]`.
        labels: int `[N]`.
    """

    images: np.ndarray
    labels: np.ndarray


class Tensors(NamedTuple):
    """Where a graph is fed and read."""

    image: tf.Tensor
    label: tf.Tensor
    answer: tf.Tensor
    rate: tf.Tensor
    logits: tf.Tensor
    train: tf.Operation


def run_stage(recipe: Recipe, phase: Phase, seed: int, folder: str, data: Examples, start: Optional[str] = None,
              answers: Optional[np.ndarray] = None, hooks: Sequence[tf.train.SessionRunHook] = ()) -> str:
    """Trains a network.

    Args:
        recipe: which.
        phase: how.
        seed: of its beginning and of the order of the images.
        folder: for the checkpoint.
        data: what it is trained on.
        start: checkpoint to begin with.
        answers: logits of the network that it learns from, for all images.
        hooks: what changes the training.

    Returns:
        The checkpoint.
    """
    prefix = os.path.join(folder, CHECKPOINT)
    if os.path.exists(prefix + '.index'):
        return prefix
    with atomic_folder(folder) as temporary, tf.Graph().as_default():
        tf.set_random_seed(seed)
        tensors = _build(recipe, phase, answers is not None)
        saver = tf.train.Saver(tf.trainable_variables())
        with tf.train.SingularMonitoredSession(hooks=[_Start(saver, start), *hooks], config=_config()) as session:
            for feeds in _feeds(tensors, phase, seed, data, answers):
                session.run(tensors.train, feeds)
            saver.save(session.raw_session(), os.path.join(temporary, CHECKPOINT))
    return prefix


def pruning(recipe: Recipe, examples: int) -> MagnitudePruning:
    """Returns what prunes the kernels of a network, more and more, while it is trained on so many examples."""
    steps = recipe.pruned.epochs * (examples // recipe.pruned.batch)
    schedules = {name: PolynomialDecay(0, int(recipe.ramp * steps), EVERY_STEPS, 0.0, 1 - density)
                 for name, density in recipe.densities.items()}
    if TOGETHER in schedules:
        return MagnitudePruning(Network('logits'), schedules[TOGETHER], together=True)
    return MagnitudePruning(Network('logits'), schedules)


def sharing(recipe: Recipe, checkpoint: str) -> SharedWeights:
    """Returns what lets the weights of a trained network share values, and its biases where they are many."""
    reader = tf.train.load_checkpoint(checkpoint)
    shared = {}
    for name, shape in reader.get_variable_to_shape_map().items():
        if name.startswith('LeNet/') and (len(shape) > 1 or shape[0] > 2 * recipe.bias_values):
            shared[name] = shared_values(reader.get_tensor(name),
                                         recipe.values if len(shape) > 1 else recipe.bias_values)
    return SharedWeights(shared)


def logits_of(checkpoint: str, images: np.ndarray) -> np.ndarray:
    """Returns a network's answers to some images, `[N, 10]`."""
    with tf.Graph().as_default(), tf.Session(config=_config()) as session:
        tf.train.import_meta_graph(checkpoint + '.meta').restore(session, checkpoint)
        return np.concatenate([session.run('logits:0', {'pixels:0': images[start:start + _TEST_BATCH]})
                               for start in range(0, len(images), _TEST_BATCH)])


def error_of(checkpoint: str, test: Examples) -> float:
    """Returns the part of the test images that a network gets wrong, in percent."""
    return round(100 * float(np.mean(logits_of(checkpoint, test.images).argmax(1) != test.labels)), 2)


def _kernels() -> List[tf.Variable]:
    return [each for each in tf.trainable_variables() if len(each.shape) > 1]


def _build(recipe: Recipe, phase: Phase, distilled: bool) -> Tensors:
    pixels = tf.placeholder(tf.uint8, [None, 28, 28, 1], 'pixels')
    logits = recipe.build(tf.cast(pixels, tf.float32) / 255)
    label, answer = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.float32, [None, 10])
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=label, logits=logits))
    if distilled:
        loss = (1 - ALPHA) * loss + ALPHA * TEMPERATURE ** 2 * divergence_from(answer, logits, TEMPERATURE)
    if phase.decay:
        loss += phase.decay * tf.add_n([tf.nn.l2_loss(kernel) for kernel in _kernels()])
    rate = tf.placeholder(tf.float32, [])
    step = tf.train.get_or_create_global_step()
    return Tensors(pixels, label, answer, rate, logits, tf.train.AdamOptimizer(rate).minimize(loss, step))


def _feeds(tensors: Tensors, phase: Phase, seed: int, data: Examples, answers: Optional[np.ndarray]) -> Any:
    random = np.random.RandomState(seed)
    steps = len(data.labels) // phase.batch
    for epoch in range(phase.epochs):
        order = random.permutation(len(data.labels))
        for step in range(steps):
            chosen = order[step * phase.batch:(step + 1) * phase.batch]
            done = (epoch * steps + step) / (phase.epochs * steps)
            feeds = {tensors.image: data.images[chosen], tensors.label: data.labels[chosen],
                     tensors.rate: phase.rate * (1 + np.cos(np.pi * done)) / 2}
            if answers is not None:
                feeds[tensors.answer] = answers[chosen]
            yield feeds


class _Start(tf.train.SessionRunHook):
    """Begins with the values of a checkpoint."""

    def __init__(self, saver: tf.train.Saver, start: Optional[str]) -> None:
        self._saver, self._start = saver, start

    def after_create_session(self, session: tf.Session, coord: Any) -> None:
        """Restores them, before any other hook looks at them."""
        if self._start is not None:
            self._saver.restore(session, self._start)


def _config() -> tf.ConfigProto:
    return tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
