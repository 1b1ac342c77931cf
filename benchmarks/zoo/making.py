"""Networks with random weights, written as checkpoints."""

import os
from typing import Dict, Sequence

import numpy as np

from benchmarks.zoo.network import Built, Network
from benchmarks.zoo.weights import calibrated, random_weights
from tf1pruning.channels import Channels, analyse
from tf1pruning.choice import choose
from tf1pruning.graph.inference import Input
from tf1pruning.model.checkpoint import write_tensors
from tf1pruning.model.load import load_model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf

BATCH = 2


def half(channels: Channels) -> PruningPlan:
    """Chooses half of every group, whatever multiple that is."""
    return choose(channels, channels.groups, Amount(ratio=0.5, align=1), 'l1')


def build(network: Network, folder: str) -> Built:
    """Builds a network and writes its checkpoint, without a session; then lets its statistics fit its weights."""
    assert network.build is not None
    random = np.random.RandomState(0)
    prefix = os.path.join(folder, 'model.ckpt')
    with tf.Graph().as_default() as graph:
        source, output = network.build()
        if output.op.type == 'Softmax':
            output = output.op.inputs[0]
        values = random_weights(random, graph, tf.global_variables())
        tf.train.Saver().export_meta_graph(prefix + '.meta')
        feeds = {source.name: example(random, [size or BATCH for size in source.shape.as_list()], network.scale)}
    write_values(prefix, values)
    return fit(Built(prefix, (output.name,), {source.name: Input()}, feeds), values, random)


def fit(built: Built, values: Dict[str, np.ndarray], random: np.random.RandomState) -> Built:
    """Writes the checkpoint anew, with moving statistics near what the batch norms see."""
    model = to_inference(load_model(built.path, built.outputs, built.inputs))
    channels = analyse(model)
    write_values(built.path, {**values, **calibrated(soft_prune(model, channels, half(channels)), built.feeds, random)})
    return built


def write_values(prefix: str, values: Dict[str, np.ndarray]) -> None:
    """Writes variables by their names."""
    write_tensors(prefix, [(name, '', value) for name, value in values.items()])


def example(random: np.random.RandomState, shape: Sequence[int], scale: float) -> np.ndarray:
    """Draws a batch of inputs that differ as photographs do, coarsely and in colour, not only in their noise."""
    coarse = [min(size, 4) if 0 < axis < len(shape) - 1 else size for axis, size in enumerate(shape)]
    values = random.uniform(0, 1, coarse)
    for axis, size in enumerate(shape):
        values = np.repeat(values, -(-size // values.shape[axis]), axis).take(range(size), axis)
    return (scale * (0.8 * values + 0.2 * random.uniform(0, 1, shape))).astype(np.float32)
