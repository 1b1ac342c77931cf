"""Decompose: kernels become branches of low rank and sparse ones, in the graph and in the weights."""

from typing import Dict, List, Mapping, NamedTuple, Set

import numpy as np

from ..graph.constants import make_constant
from ..graph.rewiring import Rewiring
from ..graph.shapes import set_declared_shape
from ..graph.view import GraphView
from ..lowrank import Branches
from ..model.meta_graph import rebuilt
from ..model.model import Model
from ..tf1 import VariableDef, tf
from ..weights import with_values
from ..weights.linear_layers import LinearLayer


class _Parameter(NamedTuple):
    """A new parameter.

    Attributes:
        name: its node.
        value: what it holds, in the shape that its readers want.
        nodes: the node itself and, of a variable, what reads it.
        read: the node that has its value.
    """

    name: str
    value: np.ndarray
    nodes: List[tf.NodeDef]
    read: str


def decompose(model: Model, layers: Mapping[str, LinearLayer], branches: Mapping[str, Branches]) -> Model:
    """Returns the model with branches in the place of some kernels.

    Given `Conv2D(x, w) → BiasAdd`. Result, with what the convolution says of strides, padding and dilation in `core`
    and `sparse`: `Conv2D(x, w/first) → Conv2D(·, w/core) → Conv2D(·, w/last)`, `Conv2D(x, w/sparse)`, and the sum of
    the last two, which has the convolution's name, `→ BiasAdd`. A 1×1 convolution, which has no core, says it in
    `first`. The new parameters are variables or constants like the kernel, trained if it is, and the kernel is gone.
    Where there is no low-rank branch, the kernel stays and its values become the sparse branch's.

    Args:
        model: in inference form.
        layers: its layers by name, of `linear_layers`.
        branches: by the name of the layer.
    """
    bare = {name: each for name, each in branches.items() if not max(each.ranks)}
    model = with_kernels(model, layers, bare)
    rewiring = Rewiring(model.view)
    taken = set(model.view.nodes)
    added: Dict[str, List[_Parameter]] = {}
    for name, each in branches.items():
        if name not in bare:
            made = _parameters(model, layers[name], each, taken)
            added[name] = list(made.values())
            _rewire(rewiring, layers[name], made, taken)
    if not added:
        return model
    with_variables = _with_variables(model, layers, added)
    targets = [model.view.require(name) for name in (*model.outputs, *model.inputs)]
    return rebuilt(with_variables, rewiring.build(targets))


def with_kernels(model: Model, layers: Mapping[str, LinearLayer], branches: Mapping[str, Branches]) -> Model:
    """Returns the model with the kernels that branches amount to, in the graph as it is: it computes the same."""
    values: Dict[str, np.ndarray] = {}
    for name, each in branches.items():
        values.update(layers[name].values(model, each.kernel(layers[name].shape)))
    return with_values(model, values)


def _parameters(model: Model, layer: LinearLayer, branches: Branches, taken: Set[str]) -> Dict[str, _Parameter]:
    """Makes the parameters of a layer by the names of the branches."""
    made: Dict[str, _Parameter] = {}
    for part, value in branches._asdict().items():
        if value is not None:
            shaped = value[0, 0] if layer.operation == 'MatMul' else value
            made[part] = _parameter(model.view, layer.parts[0], _free('%s/%s' % (layer.name, part), taken), shaped)
    return made


def _free(name: str, taken: Set[str]) -> str:
    """Returns a name that no node has, and takes it."""
    while name in taken:
        name += '_'
    taken.add(name)
    return name


def _parameter(view: GraphView, like: str, name: str, value: np.ndarray) -> _Parameter:
    """Makes a parameter of the kind that another one is."""
    operation = view.op(like)
    if operation == 'Const':
        return _Parameter(name, value, [make_constant(name, value)], name)
    node = tf.NodeDef(name=name, op='VarHandleOp' if operation == 'VarHandleOp' else 'VariableV2')
    node.attr['dtype'].type = view.nodes[like].attr['dtype'].type
    set_declared_shape(node, value.shape)
    node.attr['container'].s = b''
    node.attr['shared_name'].s = name.encode() if operation == 'VarHandleOp' else b''
    if operation == 'VarHandleOp':
        read = tf.NodeDef(name=name + '/Read/ReadVariableOp', op='ReadVariableOp', input=[name])
        read.attr['dtype'].type = node.attr['dtype'].type
    else:
        read = tf.NodeDef(name=name + '/read', op='Identity', input=[name])
        read.attr['T'].type = node.attr['dtype'].type
    return _Parameter(name, value, [node, read], read.name)


def _rewire(rewiring: Rewiring, layer: LinearLayer, made: Mapping[str, _Parameter], taken: Set[str]) -> None:
    for parameter in made.values():
        for node in parameter.nodes:
            rewiring.add_node(node, before=layer.readers[0])
    for reader in layer.readers:
        original = rewiring.view.nodes[reader]
        names = {part: _free('%s/%s' % (reader, part), taken) for part in made}
        if 'sparse' not in made:
            names['last'] = reader  # nothing to add
        nodes = _branch_nodes(rewiring.view, original, names, made)
        if 'sparse' in made:
            total = tf.NodeDef(name=reader, op='AddV2', input=[names['last'], names['sparse']])
            total.attr['T'].type = original.attr['T'].type
            nodes.append(total)
        for node in nodes[:-1]:
            rewiring.add_node(node, before=reader)
        rewiring.replace_node(nodes[-1])


def _branch_nodes(view: GraphView, original: tf.NodeDef, names: Mapping[str, str],
                  made: Mapping[str, _Parameter]) -> List[tf.NodeDef]:
    """Makes the operations of one reader; the last one is that whose output is the layer's, or goes into the sum."""
    data = str(view.inputs[original.name][0])
    carrier = 'core' if 'core' in made else 'first'  # of strides, padding and dilation
    nodes: List[tf.NodeDef] = []
    if 'sparse' in made:
        nodes.append(_multiplication(original, names['sparse'], data, made['sparse'].read, True))
    for part in ('first', 'core', 'last'):
        if part in made:
            nodes.append(_multiplication(original, names[part], data, made[part].read, part == carrier))
            data = names[part]
    return nodes


def _multiplication(original: tf.NodeDef, name: str, data: str, kernel: str, carries: bool) -> tf.NodeDef:
    """Makes a convolution like another one, or one that only mixes channels; a product in the place of a product."""
    node = tf.NodeDef(name=name, op=original.op, input=[data, kernel])
    node.attr['T'].type = original.attr['T'].type
    if original.op == 'MatMul':
        return node
    if carries:
        for attribute in original.attr:
            if not attribute.startswith('_'):
                node.attr[attribute].CopyFrom(original.attr[attribute])
        return node
    if 'data_format' in original.attr:
        node.attr['data_format'].s = original.attr['data_format'].s
    node.attr['padding'].s = b'VALID'
    node.attr['strides'].list.i.extend([1, 1, 1, 1])
    return node


def _with_variables(model: Model, layers: Mapping[str, LinearLayer],
                    added: Mapping[str, List[_Parameter]]) -> Model:
    """Returns a model that has the new variables too, in the collections that their kernels are in."""
    variables = [(layers[name].parts[0], each) for name, some in added.items() for each in some
                 if each.nodes[0].op != 'Const']
    if not variables:
        return model
    meta = tf.MetaGraphDef()
    meta.CopyFrom(model.meta)
    for _, parameter in variables:
        meta.graph_def.node.extend(parameter.nodes)
    for collection, known in model.definitions.items():
        found = [_definition(parameter, known[like]) for like, parameter in variables if like in known]
        meta.collection_def[collection].bytes_list.value.extend(found)
    values = {parameter.name: parameter.value for _, parameter in variables}
    return model.replace(meta=meta, weights=model.weights.replaced(values))


def _definition(parameter: _Parameter, like: VariableDef) -> bytes:
    """Spells a variable out for the collections; its initial value is made when the graph is put together."""
    definition = VariableDef(variable_name=parameter.name + ':0', snapshot_name=parameter.read + ':0',
                             trainable=like.trainable, is_resource=parameter.nodes[0].op == 'VarHandleOp')
    return bytes(definition.SerializeToString())


