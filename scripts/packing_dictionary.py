"""Makes the dictionary that packed graphs begin with: nodes of a few networks, every kind of node once.

    python scripts/packing_dictionary.py FILE

`tf1pruning/packing/dictionary.bin` was made so. A packed file can only be read with the dictionary that it was written
with, so another one needs another version of the format.
"""

import collections
import sys
from typing import Dict, List, Tuple

from tf1pruning.files import write_bytes
from tf1pruning.graph.inference import inference_graph
from tf1pruning.model.model import Model, Weights
from tf1pruning.packing.graphs import bare_graph, forward_nodes
from tf1pruning.tf1 import quiet, tf, use_tf1_behavior
from train.config.mobilenets import MobileNetV2Config, MobileNetV3Config
from train.config.networks import ResNetConfig, VGGConfig
from train.models.mobilenet_v2 import mobilenet_v2
from train.models.mobilenet_v3 import mobilenet_v3
from train.models.resnet_cifar import resnet_cifar
from train.models.vgg_cifar import vgg_cifar

NETWORKS = ((resnet_cifar, ResNetConfig(classes=10)), (mobilenet_v3, MobileNetV3Config(classes=10, se_ratio=0.25)),
            (mobilenet_v2, MobileNetV2Config(classes=10)), (vgg_cifar, VGGConfig(classes=10, hidden=(512, 512))))
MOST_BYTES = 12000


def main() -> None:
    """Writes the file; what is commonest comes last, where it costs least to point to."""
    quiet()
    use_tf1_behavior()
    found: Dict[Tuple[str, bytes], bytes] = {}
    counts: collections.Counter[Tuple[str, bytes]] = collections.Counter()
    for graph in [*map(_network, NETWORKS), _layers()]:
        for node in graph.node:
            kind = node.op, tf.NodeDef(attr=node.attr).SerializeToString(deterministic=True)
            counts[kind] += 1
            found[kind] = tf.GraphDef(node=[node]).SerializeToString(deterministic=True)
    nodes: List[bytes] = [found[kind] for kind, _ in reversed(counts.most_common())]
    write_bytes(sys.argv[1], b''.join(nodes)[-MOST_BYTES:])


def _network(made: 'tuple') -> tf.GraphDef:
    build, config = made
    with tf.Graph().as_default() as graph:
        images = tf.placeholder(tf.float32, [None, 32, 32, 3], 'image')
        return _bare(graph, build(images, config, False).op.name)


def _layers() -> tf.GraphDef:
    """A network of `tf.layers` with resource variables."""
    with tf.Graph().as_default() as graph, tf.variable_scope('', use_resource=True):
        x = tf.placeholder(tf.float32, [None, 32, 32, 3], 'input')
        x = tf.nn.relu(tf.layers.batch_normalization(tf.layers.conv2d(x, 16, 3)))
        x = tf.layers.max_pooling2d(tf.nn.relu(tf.layers.separable_conv2d(x, 32, 3)), 2, 2)
        x = tf.layers.dense(tf.layers.dense(tf.layers.flatten(x), 64, tf.nn.relu), 10)
        return _bare(graph, tf.nn.softmax(x, name='output').op.name)


def _bare(graph: tf.Graph, output: str) -> tf.GraphDef:
    forward = inference_graph(graph.as_graph_def(), [output], {}, {})
    model = Model('model', tf.MetaGraphDef(graph_def=forward), Weights(lambda name: 0, ()), [output])
    return bare_graph(model, forward_nodes(model), set())


if __name__ == '__main__':
    main()
