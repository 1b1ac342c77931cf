"""What the shipped file does: accuracy, latency and size of frozen graphs."""

import os
import time
from typing import List, Sequence

import numpy as np

from tf1pruning.tf1 import tf

from .data import Examples


class Frozen:
    """A frozen classifier, loaded as an application would, on one thread.

    Args:
        path: the `.pb`.
        input_node: name of its placeholder.
        output_node: name of its logits.
    """

    def __init__(self, path: str, input_node: str = 'input', output_node: str = 'logits') -> None:
        graph_def = tf.GraphDef()
        with open(path, 'rb') as stream:
            graph_def.ParseFromString(stream.read())
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(graph_def, name='')
        one_thread = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        self._session = tf.Session(graph=graph, config=one_thread)
        self._run = self._session.make_callable(output_node + ':0', [input_node + ':0'])
        self.bytes = os.path.getsize(path)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Returns the logits of images `[N, H, W, C]`: `[N, classes]`."""
        return np.concatenate([self._run(images[start:start + 256]) for start in range(0, len(images), 256)])

    def accuracy(self, examples: Examples) -> float:
        """Returns the fraction of images whose largest logit is that of their label."""
        hits = [self.logits(images).argmax(1) == labels for images, labels in examples.batches()]
        return float(np.mean(np.concatenate(hits)))

    def seconds(self, images: np.ndarray) -> float:
        """Times one call."""
        began = time.perf_counter()
        self._run(images)
        return time.perf_counter() - began


def interleaved_latency(networks: Sequence[Frozen], images: np.ndarray, rounds: int) -> List[float]:
    """Returns each network's median milliseconds per call.

    The networks take turns, so that what else the machine does slows all of them alike.

    Args:
        networks: what to time.
        images: the batch given in every call.
        rounds: how many calls of each, after five that do not count.
    """
    seconds = [[network.seconds(images) for network in networks] for _ in range(rounds + 5)]
    return [float(each) * 1e3 for each in np.median(seconds[5:], axis=0)]
