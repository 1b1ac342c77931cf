"""Averages over all positions of an image as what quantised runtimes compute rightly: pooling."""

from typing import Optional, Tuple

import numpy as np

from ..graph.attributes import attribute
from ..graph.constants import make_constant
from ..graph.rewiring import Rewiring
from ..graph.shapes import shape_at
from ..graph.view import TensorName
from ..model.meta_graph import rebuilt
from ..model.model import Model
from ..tf1 import tf
from .values_of import Values


def averages_to_pooling(model: Model) -> Model:
    """Returns the model with averages over height and width as average pooling.

    Given `Mean(x [N, H, W, C], [1, 2])`. Result: `AvgPool(x, window H × W)`, and a reshape where the two axes do not
    stay. The interpreter of TensorFlow 1.15 lets int8 averages run over from −128 to 127; its pooling does not.

    Args:
        model: a model in inference form.
    """
    rewiring, values = Rewiring(model.view), Values(model)
    for name, node in model.view.nodes.items():
        window = _window(model, values, node) if node.op == 'Mean' else None
        if window is None:
            continue
        pooling = tf.NodeDef(name=name, op='AvgPool', input=node.input[:1])
        pooling.attr['T'].type = node.attr['T'].type
        pooling.attr['padding'].s = b'VALID'
        for key, sizes in (('ksize', (1, *window, 1)), ('strides', (1, 1, 1, 1))):
            pooling.attr[key].list.i.extend(sizes)
        if attribute(node, 'keep_dims').b:
            rewiring.replace_node(pooling)
        else:
            pooling.name += '/pooled'
            rewiring.add_node(pooling, before=name)
            _squeeze(rewiring, name, pooling, model)
    return rebuilt(model, rewiring.build(model.view.require(name) for name in (*model.outputs, *model.inputs)))


def _window(model: Model, values: Values, node: tf.NodeDef) -> Optional[Tuple[int, int]]:
    """Returns height and width where a node averages over just these."""
    data, axes = model.view.inputs[node.name]
    shape, value = shape_at(model.shapes, data), values.of(axes)
    if shape is None or len(shape) != 4 or value is None or sorted(value.ravel() % 4) != [1, 2]:
        return None
    height, width = shape[1:3]
    return (height, width) if height and width else None


def _squeeze(rewiring: Rewiring, name: str, pooling: tf.NodeDef, model: Model) -> None:
    """Puts a reshape to `[N, C]` in a node's place."""
    channels = (shape_at(model.shapes, TensorName(name)) or (None,))[-1]
    sizes = make_constant(name + '/sizes', np.array([-1, channels], np.int32))
    rewiring.add_node(sizes, before=name)
    reshape = tf.NodeDef(name=name, op='Reshape', input=[pooling.name, sizes.name])
    reshape.attr['T'].type = pooling.attr['T'].type
    reshape.attr['Tshape'].type = tf.int32.as_datatype_enum
    rewiring.replace_node(reshape)
