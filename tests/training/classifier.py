"""A small classifier that trains on fixed images: what tests of hooks and wrappers start from."""

from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from tests.builders import CLASSES, IMAGE, Dialect, conv, dense, inverted_residual
from tests.training.held import plainly
from tf1pruning.tf1 import tf
from tf1pruning.training import Network

NETWORK = Network('output', {'IteratorGetNext:0': ('image', (None,) + IMAGE[1:])})
EXAMPLES = 32


def examples(seed: int = 0) -> Any:
    """Images whose brightness in one corner and colour says the class; `[EXAMPLES, 8, 8, 3]` and `[EXAMPLES]`."""
    random = np.random.RandomState(seed)
    labels = np.arange(EXAMPLES) % CLASSES
    images = random.uniform(0, 1, (EXAMPLES,) + IMAGE[1:])
    for image, label in zip(images, labels):
        image[label:label + 3, label:label + 3, label % 3] += 2
    return images.astype(np.float32), labels.astype(np.int64)


def input_fn() -> tf.data.Dataset:
    """The examples in batches of eight, again and again."""
    return tf.data.Dataset.from_tensor_slices(examples()).repeat().batch(8)


def forward(images: tf.Tensor, training: Any = True) -> tf.Tensor:
    """Stem, one inverted residual, head, with batch norm; logits."""
    dialect = Dialect('layers', training=training)
    x = conv(images, 8, 'stem', 3, 2, dialect)
    x = inverted_residual(x, 8, 'block', dialect=dialect)
    x = tf.reduce_mean(conv(x, 16, 'last', dialect=dialect), [1, 2])
    return tf.identity(dense(x, CLASSES, 'logits'), 'output')


def model_fn(features: tf.Tensor, labels: tf.Tensor, mode: str) -> tf.estimator.EstimatorSpec:
    """The classifier with momentum; it knows nothing of pruning."""
    logits = forward(features, mode == tf.estimator.ModeKeys.TRAIN)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


class Watch(tf.train.SessionRunHook):
    """Keeps the loss and the variables as they are after every step and after the hooks before it."""

    def __init__(self, loss: Optional[tf.Tensor] = None) -> None:
        self.values: List[Dict[str, np.ndarray]] = []
        self.losses: List[float] = []

    def begin(self) -> None:
        self._variables = {variable.op.name: variable for variable in tf.global_variables()}

    def before_run(self, run_context: tf.train.SessionRunContext) -> tf.train.SessionRunArgs:
        return tf.train.SessionRunArgs(tf.get_collection(tf.GraphKeys.LOSSES)[0])

    def after_run(self, run_context: tf.train.SessionRunContext, run_values: tf.train.SessionRunValues) -> None:
        self.losses.append(float(run_values.results))
        self.values.append(run_context.session.run(self._variables))


def run_steps(steps: int, hooks: Sequence[tf.train.SessionRunHook] = (), function: Any = model_fn) -> None:
    """Trains as `train` does, from the same random weights, without an estimator and its files."""
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        tf.train.create_global_step()
        features, labels = tf.data.make_one_shot_iterator(input_fn()).get_next()
        spec = function(features=features, labels=labels, mode=tf.estimator.ModeKeys.TRAIN)
        every = [*spec.training_hooks, *hooks]
        with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(config=plainly()), every) as session:
            for _ in range(steps):
                session.run(spec.train_op)


def train(folder: Any, steps: int, hooks: Sequence[tf.train.SessionRunHook] = (), function: Any = model_fn,
          start: Any = None) -> str:
    """Trains with an estimator; returns the last checkpoint."""
    config = tf.estimator.RunConfig(str(folder), 1, save_summary_steps=1000, log_step_count_steps=None,
                                    save_checkpoints_steps=1000, session_config=plainly())
    estimator = tf.estimator.Estimator(function, config=config, warm_start_from=start)
    estimator.train(input_fn, steps=steps, hooks=list(hooks))
    return estimator.latest_checkpoint()
