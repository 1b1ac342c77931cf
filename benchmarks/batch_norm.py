"""How long batch norm in training takes for one channel, forward and backward, by the number of channels.

Run: `python -m benchmarks.batch_norm [--channels=64,24]`, which prints JSON: milliseconds of a channel, the median of
nine runs taken in turn, on one thread of this processor; TensorFlow 2.x.
"""

import json
import statistics
import time
from typing import Any, Callable, Dict, List

import numpy as np
from absl import app, flags

from tf1pruning.tf1 import tf

FLAGS = flags.FLAGS
SHAPE = (128, 16, 16)
"""Images in a batch, height and width."""


def batch_norm(channels: int, kind: tf.DType) -> tf.Operation:
    """Builds batch norm of random activations and its gradient."""
    values = tf.get_variable('values_%d_%s' % (channels, kind.name), initializer=np.random.RandomState(0).rand(
        *SHAPE, channels).astype('f'))
    inputs, ones = tf.cast(values, kind), tf.ones([channels])
    outputs = tf.raw_ops.FusedBatchNormV3(x=inputs, scale=ones, offset=ones, mean=[], variance=[], is_training=True)
    gradient = tf.raw_ops.FusedBatchNormGradV3(
        y_backprop=outputs.y, x=inputs, scale=ones, reserve_space_1=outputs.reserve_space_1,
        reserve_space_2=outputs.reserve_space_2, reserve_space_3=outputs.reserve_space_3, is_training=True)
    return gradient.x_backprop.op


def milliseconds(work: Dict[str, Callable[[], Any]], times: int = 9) -> Dict[str, float]:
    """Returns the median time of each piece of work, taken in turn."""
    found: Dict[str, List[float]] = {name: [] for name in work}
    for _ in range(times):
        for name, each in work.items():
            began = time.perf_counter()
            each()
            found[name].append(1e3 * (time.perf_counter() - began))
    return {name: statistics.median(taken) for name, taken in found.items()}


def main(_: List[str]) -> None:
    """Measures and prints JSON."""
    counts = [int(each) for each in FLAGS.channels]
    with tf.Graph().as_default():
        operations = {'%d %s' % (channels, kind.name): batch_norm(channels, kind)
                      for channels in counts for kind in (tf.float32, tf.bfloat16)}
        config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            taken = milliseconds({name: lambda each=each: session.run(each) for name, each in operations.items()})
    print(json.dumps({'shape': SHAPE, 'milliseconds of a channel': {
        name: round(each / int(name.split()[0]), 3) for name, each in taken.items()}}, indent=1))


if __name__ == '__main__':
    flags.DEFINE_list('channels', ['8', '10', '12', '16', '24', '25', '26', '32', '64'], 'Numbers of channels.')
    app.run(main)
