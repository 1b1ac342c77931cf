"""A network whose weights decay toward one, and its training with stale slots: what tests of held zeros start from."""

from typing import Any, Dict, List

import numpy as np

from tf1pruning.tf1 import tf

ZEROS = {'net/kernel': {3: np.array([1, 4])}, 'net/bias': {0: np.array([1, 4])}, 'net/out': {2: [1, 4], 3: [0]}}


def network(resource: bool = False, partitions: int = 0) -> tf.Tensor:
    """Returns the loss of two convolutions whose weights decay toward one, so that zeros are drawn away."""
    partitioner = tf.fixed_size_partitioner(partitions, axis=2) if partitions else None
    with tf.variable_scope('net', use_resource=resource):
        images = tf.random.normal([4, 5, 5, 3], seed=1)
        kernel = tf.get_variable('kernel', [3, 3, 3, 6])
        bias = tf.get_variable('bias', [6], initializer=tf.ones_initializer())
        out = tf.get_variable('out', [1, 1, 6, 4], partitioner=partitioner)
        hidden = tf.sigmoid(tf.nn.conv2d(images, kernel, 1, 'SAME') + bias)
        result = tf.nn.conv2d(hidden, tf.convert_to_tensor(out), 1, 'SAME')
    decay = sum(tf.reduce_sum(tf.square(tf.convert_to_tensor(each) - 1)) for each in (kernel, bias, out))
    return tf.reduce_mean(tf.square(result - 1)) + 0.1 * decay


def plainly() -> tf.ConfigProto:
    """A session without graph optimisation, which would take longer than the few steps."""
    config = tf.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config


def train(train_op: Any, hooks: List[tf.train.SessionRunHook], steps: int = 5, warmup: int = 2) -> Dict[str, Any]:
    """Trains with stale slots (steps before the hook's session); returns all variables at the end."""
    saver = tf.train.Saver()
    with tf.Session(config=plainly()) as session:
        session.run(tf.global_variables_initializer())
        for _ in range(warmup):
            session.run(train_op)
        values = session.run({variable.name: variable for variable in tf.global_variables()})
    feed = {variable.name: (variable, values[variable.name]) for variable in tf.global_variables()}
    restore = tf.train.Scaffold(init_op=tf.group(*[v.initializer for v, _ in feed.values()]),
                                init_feed_dict={v.initializer.inputs[1]: value for v, value in feed.values()},
                                saver=saver)
    with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(restore, config=plainly()), hooks=hooks) as session:
        for _ in range(steps):
            session.run(train_op)
        return session.run({variable.op.name: variable for variable in tf.global_variables()})


def pruned_slices(values: Dict[str, Any], zeros: Any = None) -> Dict[str, np.ndarray]:
    """Returns the entries of variables and slots that should be zero, by variable name."""
    found = {}
    for prefix, axes in (zeros or ZEROS).items():
        for name, value in values.items():
            if name.startswith(prefix):
                found[name] = np.concatenate([np.take(value, index, axis).ravel() for axis, index in axes.items()])
    return found
