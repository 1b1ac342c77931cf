"""Real models in the zoo: checkpoints and frozen graphs of others, and a detector of which only the graph is there."""

import json
import os
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from benchmarks.zoo.making import example, fit, write_values
from benchmarks.zoo.network import Built, Network
from benchmarks.zoo.weights import random_weights
from tf1pruning.graph.inference import Input
from tf1pruning.model.checkpoint import read_meta_graph
from tf1pruning.tf1 import tf

FOLDER = os.path.join('..', 'shared', 'models')
"""Where they are looked for: an `index.json` tells of each its path, outputs, shapes to feed and constants."""
_DETECTOR = 'ssd_hand_meta'
_SCALES = {'pose_cpm_mv2': 255.0}
"""Largest number in an image, where it is not 1."""


def model_networks(folder: str = FOLDER) -> Dict[str, Network]:
    """Returns the models of a folder, none where it is not there."""
    path = os.path.join(folder, 'index.json')
    if not os.path.isfile(path):
        return {}
    with open(path, encoding='utf-8') as stream:
        index = json.load(stream)
    found = {}
    for name, entry in index.items():
        feeds = {tensor: tuple(shape) for tensor, shape in entry['feed'].items()}
        built = Built(os.path.join(folder, entry['model']), tuple(entry['outputs']),
                      {tensor: Input('', shape) for tensor, shape in feeds.items()},
                      _draw(feeds, _SCALES.get(name, 1.0)), entry.get('const', {}))
        found['model/' + name] = Network('model', made=lambda _, built=built: built)
    if os.path.isdir(os.path.join(folder, _DETECTOR)):
        meta = os.path.join(folder, _DETECTOR, 'model.ckpt.meta')
        found['model/' + _DETECTOR] = Network('model', made=lambda target: detector(meta, target))
    return found


def _draw(shapes: Dict[str, Tuple[int, ...]], scale: float) -> Dict[str, np.ndarray]:
    random = np.random.RandomState(7)
    return {name: random.uniform(0, scale, shape).astype(np.float32) for name, shape in sorted(shapes.items())}


class _Variable(NamedTuple):
    """A variable that no collection tells of."""

    op: tf.Operation
    shape: tf.TensorShape
    dtype: tf.DType


def detector(meta_path: str, folder: str) -> Built:
    """Gives a single-shot detector random weights; its boxes and scores are compared before it sorts them."""
    random = np.random.RandomState(0)
    prefix = os.path.join(folder, 'model.ckpt')
    meta = read_meta_graph(meta_path)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(meta.graph_def, name='')
        variables: List[_Variable] = [_Variable(each, each.outputs[0].shape, each.outputs[0].dtype)
                                      for each in graph.get_operations() if each.type == 'VariableV2']
        values = random_weights(random, graph, variables)
    with open(prefix + '.meta', 'wb') as stream:
        stream.write(meta.SerializeToString())
    write_values(prefix, values)
    feeds = {'image_tensor:0': example(random, [2, 300, 300, 3], 255.0).astype(np.uint8)}
    built = Built(prefix, ('raw_detection_boxes:0', 'raw_detection_scores:0'),
                  {'image_tensor:0': Input('', (2, 300, 300, 3))}, feeds)
    return fit(built, values, random)
