"""What a meta graph says of its variables: checkpoint keys, partitions, companions of the optimizer."""

import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from google.protobuf.message import DecodeError

from ..errors import ModelError
from ..graph.attributes import attribute
from ..graph.batch_norm import updated_variable
from ..graph.constants import array_of
from ..graph.shapes import declared_shape
from ..graph.view import VARIABLE_OPS, GraphView, TensorName
from ..tf1 import VariableDef, tf
from .slices import Slice, parse_slice


class Variable(NamedTuple):
    """A variable of a graph.

    Attributes:
        node: name of the VariableV2, Variable or VarHandleOp node.
        key: its name in the checkpoint; empty where the saver leaves it out and saves another one by its name.
        shape: the shape of this node's value (of the part, where it is one).
        part: where it lies in a partitioned variable, else None.
        trainable: whether the collections say so.
    """

    node: str
    key: str
    shape: Tuple[int, ...]
    part: Optional[Slice]
    trainable: bool


class Companion(NamedTuple):
    """A slot or moving average of a variable.

    Attributes:
        node: its variable node.
        zeroed: whether it is zero where its owner is: not so for what Adagrad and Ftrl divide by; 0 / 0 is no number.
    """

    node: str
    zeroed: bool


SAVE_OPS = ('SaveV2', 'SaveSlices')
"""Both have the same inputs; the second one writes format V1."""
_APPLY = re.compile(r'(Resource)?(Sparse)?Apply(?=[A-Z])')
_DIVISORS = {'Adagrad': 0, 'AdagradV2': 0, 'ProximalAdagrad': 0, 'AdagradDA': 1, 'Ftrl': 0, 'FtrlV2': 0}


_SELECTS = ('Select', 'SelectV2')
"""What masks a gradient that enters an update, where magnitude pruning has a say in it."""

Definitions = Dict[str, Dict[str, VariableDef]]


def divisor_of(operation: str) -> Optional[int]:
    """Returns which slot, in the order of the inputs, an `Apply*` operation divides by without an epsilon; or None."""
    return _DIVISORS.get(_APPLY.sub('', operation))


def variable_definitions(meta: tf.MetaGraphDef) -> Definitions:
    """Returns, for every collection that holds variables, VariableDef by variable node."""
    variables = {node.name for node in meta.graph_def.node if node.op in VARIABLE_OPS}
    found: Dict[str, Dict[str, VariableDef]] = {}
    for collection, value in meta.collection_def.items():
        if value.WhichOneof('kind') != 'bytes_list' or collection.endswith('_context'):
            continue
        try:
            definitions = [VariableDef.FromString(text) for text in value.bytes_list.value]
        except DecodeError:
            continue  # somebody's own bytes
        known = {definition.variable_name.split(':')[0]: definition for definition in definitions}
        if variables.issuperset(known):  # what else has a text as its first field, such as a SaverDef, parses too
            found[collection] = known
    return found


def find_variables(meta: tf.MetaGraphDef, view: GraphView, definitions: Definitions) -> Dict[str, Variable]:
    """Lists a graph's variables by node name; ones of unknown shape are left out."""
    keys = saver_keys(meta, view)
    saved = {key for key, _ in keys.values()}
    trainable = definitions.get('trainable_variables', {})
    parts = {node: definition for each in definitions.values() for node, definition in each.items()}
    found: Dict[str, Variable] = {}
    for name, node in view.nodes.items():
        shape = declared_shape(node) if node.op in VARIABLE_OPS else None
        if shape is None or None in shape:
            continue
        own = _own_key(node)
        key, part = keys.get(name, ('' if own in saved else own, None))
        definition = parts.get(name)
        if definition is not None and part is None and definition.HasField('save_slice_info_def'):
            info = definition.save_slice_info_def
            key, part = info.full_name, Slice(tuple(info.full_shape), tuple(info.var_offset))
        found[name] = Variable(name, key, tuple(size or 0 for size in shape), part, name in trainable)
    return found


def _own_key(node: tf.NodeDef) -> str:
    shared = attribute(node, 'shared_name').s.decode() if node.op == 'VarHandleOp' else ''
    return shared or node.name


def saver_keys(meta: tf.MetaGraphDef, view: GraphView) -> Dict[str, Tuple[str, Optional[Slice]]]:
    """Reads checkpoint keys off the nodes that save: only they know of renamed and partitioned variables.

    A graph may hold several savers, such as one that restores moving averages under the names of the variables: the one
    that the meta graph names has written the checkpoint.
    """
    own = view.ancestors([meta.saver_def.save_tensor_name.split(':')[0]], controls=True)
    writers = [name for name, node in view.nodes.items() if node.op in SAVE_OPS]
    keys: Dict[str, Tuple[str, Optional[Slice]]] = {}
    for name in [name for name in writers if name in own] or writers:
        _, names, slices, *tensors = view.inputs[name]
        if view.op(names.node) != 'Const' or view.op(slices.node) != 'Const':
            continue
        for key, spec, tensor in zip(_strings(view, names), _strings(view, slices), tensors):
            source = view.source(tensor)
            if view.op(source.node) in VARIABLE_OPS:
                keys.setdefault(source.node, (key, _slice(spec, tensor)))
    return keys


def _slice(spec: str, tensor: TensorName) -> Optional[Slice]:
    try:
        return parse_slice(spec)
    except ValueError as error:
        raise ModelError('a saver writes %s as the slice %r, which is none: save the graph again'
                         % (tensor, spec)) from error


def _strings(view: GraphView, tensor: TensorName) -> List[str]:
    texts = array_of(view.nodes[tensor.node]).reshape(-1).tolist()
    try:
        return [text.decode() for text in texts]
    except (AttributeError, UnicodeDecodeError) as error:
        raise ModelError('constant %s, which a saver reads, holds no names: save the graph again'
                         % (tensor,)) from error


def find_companions(view: GraphView, variables: Dict[str, Variable]) -> Dict[str, Tuple[Companion, ...]]:
    """Finds the variables that change shape with another one: optimizer slots and moving averages.

    Slots are the other variables among the inputs of the Apply* operation that writes the variable; an average is
    the variable M of `AssignSub(M, (M - read(variable)) · decay)`; a mask is the condition that selects the gradient.
    All by their edges, never by their names.

    Returns:
        Variable node → its companions, all of the variable's own shape.
    """
    found: Dict[str, Dict[str, Companion]] = {}
    for name, node in view.nodes.items():
        pairs: List[Tuple[str, Companion]] = []
        if _APPLY.match(node.op):
            owner = updated_variable(view, name)
            read = [view.source(tensor, ('Identity', 'Switch', 'RefSwitch')).node for tensor in view.inputs[name][1:]]
            slots = [source for source in read if view.op(source) in VARIABLE_OPS]
            pairs = [(owner or '', Companion(slot, index != divisor_of(node.op))) for index, slot in enumerate(slots)]
            masks = [view.source(view.inputs[source][0]).node for source in read if view.op(source) in _SELECTS]
            pairs += [(owner or '', Companion(mask, True)) for mask in masks]
        elif node.op in ('AssignSub', 'AssignSubVariableOp'):
            pairs = [(owner, Companion(average, True)) for owner, average in _average_of(view, name)]
        for owner, companion in pairs:
            known = owner in variables and companion.node in variables and owner != companion.node
            if known and variables[owner].shape == variables[companion.node].shape:
                found.setdefault(owner, {})[companion.node] = companion
    return {owner: tuple(each[name] for name in sorted(each)) for owner, each in found.items()}


def _average_of(view: GraphView, update: str) -> List[Tuple[str, str]]:
    average = updated_variable(view, update)
    delta = view.inputs[update][1]
    for tensor in view.inputs[delta.node] if view.op(delta.node) == 'Mul' else []:
        parts = view.inputs[tensor.node] if view.op(tensor.node) == 'Sub' else []
        if len(parts) == 2 and view.source(parts[0]).node == average:
            owner = view.source(parts[1]).node
            if average is not None and view.op(owner) in VARIABLE_OPS:
                return [(owner, average)]
    return []
