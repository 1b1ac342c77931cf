"""Our side of `benchmarks.analysis`: a network in memory, and the seconds of every stage that prunes half of it."""

import gc
import time
from typing import Any, Callable, Dict, NamedTuple

import numpy as np

from benchmarks.analysis.table import STAGES
from benchmarks.zoo.making import half
from benchmarks.zoo.networks import keras_network
from benchmarks.zoo.weights import random_weights
from tf1pruning.channels import analyse
from tf1pruning.cost import count_cost
from tf1pruning.graph.inference import Input, inference_graph
from tf1pruning.model.model import Model, Weights
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf


class Case(NamedTuple):
    """A network to prune.

    Attributes:
        model: its inference graph with initial values and saver, its weights in memory.
        alone: the inference graph alone, and the weights.
        weights: how many numbers they are.
    """

    model: Model
    alone: Model
    weights: int


def keras_case(name: str) -> Case:
    """Builds a network of `tf.keras.applications` with random weights, up to its logits."""
    def build() -> Any:
        source, output = keras_network(name).build()
        return source, output.op.inputs[0] if output.op.type == 'Softmax' else output
    return _case(name, build)


def chain_case(blocks: int) -> Case:
    """Builds a chain of inverted residual blocks: 8 channels, which every block expands to 16 and adds to."""
    def build() -> Any:
        images = tf.placeholder(tf.float32, [None, 32, 32, 3], 'images')
        x = _convolution(images, 8, 'stem')
        for number in range(blocks):
            with tf.variable_scope('block_%d' % number):
                y = tf.nn.relu6(_convolution(x, 16, 'expand'))
                kernel = tf.get_variable('depthwise', [3, 3, 16, 1])
                y = tf.nn.relu6(_normalised(tf.nn.depthwise_conv2d(y, kernel, [1, 1, 1, 1], 'SAME'), 'normal'))
                x = tf.add(x, _convolution(y, 8, 'project'), 'add')
        return images, _convolution(x, 10, 'logits')
    return _case('chain of %d blocks' % blocks, build)


def _convolution(x: tf.Tensor, filters: int, scope: str) -> tf.Tensor:
    with tf.variable_scope(scope):
        kernel = tf.get_variable('kernel', [1, 1, x.shape[3], filters])
        return _normalised(tf.nn.conv2d(x, kernel, 1, 'SAME'), 'normal')


def _normalised(x: tf.Tensor, scope: str) -> tf.Tensor:
    with tf.variable_scope(scope):
        ones, zeros = tf.ones_initializer(), tf.zeros_initializer()
        statistics = [tf.get_variable(name, x.shape[3:], initializer=value, trainable=name in ('gamma', 'beta'))
                      for name, value in (('gamma', ones), ('beta', zeros), ('mean', zeros), ('variance', ones))]
        return tf.nn.fused_batch_norm(x, *statistics, is_training=False)[0]


def _case(name: str, build: Callable[[], Any]) -> Case:
    with tf.Graph().as_default() as graph:
        source, output = build()
        values = random_weights(np.random.RandomState(0), graph, tf.global_variables())
        meta = tf.train.export_meta_graph(graph=graph)
    whole = Model(name, meta, Weights(values.__getitem__, values), (output.name,), {source.name: Input()})
    model = to_inference(whole)
    forward = tf.MetaGraphDef()
    forward.graph_def.CopyFrom(inference_graph(whole.graph, whole.outputs, whole.inputs, {}))
    return Case(model, model.replace(meta=forward), sum(value.size for value in values.values()))


def measure(known: Model, soft: bool) -> Dict[str, float]:
    """Prunes half of every group, from the parsed GraphDef to the sliced arrays; returns the seconds of each stage.

    Args:
        known: a network in inference form.
        soft: set the channels to zero first, and prove before `strip` that they are zero; else they are removed at
            once, as Torch-Pruning does. The arrays are the same.
    """
    model = Model(known.name, known.meta, known.weights, known.outputs, known.inputs)  # nothing found out yet
    gc.collect()
    gc.freeze()  # what was there before is no garbage of ours
    times = [time.process_time()]

    def done(result: Any) -> Any:
        times.append(time.process_time())
        return result

    done(model.shapes)
    channels = done(analyse(model))
    plan = done(half(channels))
    zeroed = done(soft_prune(model, channels, plan) if soft else model)
    hard = done(strip(zeroed, channels, plan, zero_unconverged=not soft))
    done([hard.value(name) for name in hard.weights])
    gc.unfreeze()
    return dict(zip(STAGES, np.diff(times).tolist()))


def counts(case: Case) -> Dict[str, int]:
    """Counts nodes and parameters before and after pruning."""
    model = case.model
    channels = analyse(model)
    plan = half(channels)
    hard = strip(soft_prune(model, channels, plan), channels, plan)
    return {'nodes': len(model.graph.node), 'forward_nodes': len(model.shapes), 'groups': len(channels.groups),
            'weights': case.weights, 'parameters': count_cost(model).parameters, 'left': count_cost(hard).parameters}
