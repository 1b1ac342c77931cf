"""New names for the nodes of a meta graph whose names are taken where it is to be imported."""

from typing import AbstractSet, Any, Dict, Sequence, Tuple

from ..errors import ModelError
from ..graph.view import VARIABLE_OPS, parse_tensor
from ..model.variables import variable_definitions
from ..tf1 import VariableDef, tf


def without_collisions(meta: tf.MetaGraphDef, taken: AbstractSet[str]) -> Tuple[tf.MetaGraphDef, Dict[str, str]]:
    """Renames nodes whose names are taken, or are scopes: TensorFlow would do so too, but tell the collections nothing.

    Args:
        meta: the meta graph; it is not changed.
        taken: names of nodes that are there already.

    Returns:
        The meta graph, and the new names by the old ones.

    Raises:
        ModelError: the name of a variable is taken; another one would not fit its checkpoint.
    """
    taken = taken | {name[:end] for name in taken for end, character in enumerate(name) if character == '/'}
    own = {node.name for node in meta.graph_def.node}
    names: Dict[str, str] = {}
    for node in meta.graph_def.node:
        if node.name in taken:
            if node.op in VARIABLE_OPS:
                raise ModelError('the graph has something named %s already: import the model before anything else, or '
                                 'into another graph' % node.name)
            names[node.name] = _free(node.name, own | taken | set(names.values()))
    return (_renamed(meta, names) if names else meta), names


def _free(name: str, taken: AbstractSet[str]) -> str:
    number = 1
    while '%s_%d' % (name, number) in taken:
        number += 1
    return '%s_%d' % (name, number)


def _renamed(meta: tf.MetaGraphDef, names: Dict[str, str]) -> tf.MetaGraphDef:
    result = tf.MetaGraphDef()
    result.CopyFrom(meta)
    for node in result.graph_def.node:
        node.name = names.get(node.name, node.name)
        node.input[:] = [_tensor(text, names) for text in node.input]
    for collection in variable_definitions(meta):
        texts = result.collection_def[collection].bytes_list.value
        texts[:] = [_definition(text, names) for text in texts]
    for value in result.collection_def.values():
        if value.WhichOneof('kind') == 'node_list':
            value.node_list.value[:] = [_tensor(text, names) for text in value.node_list.value]
    _rename_fields(result.saver_def, ('filename_tensor_name', 'save_tensor_name', 'restore_op_name'), names)
    return result


def _definition(text: bytes, names: Dict[str, str]) -> bytes:
    definition = VariableDef.FromString(text)
    _rename_fields(definition, ('initializer_name', 'initial_value_name', 'snapshot_name'), names)
    return definition.SerializeToString()


def _rename_fields(proto: Any, fields: Sequence[str], names: Dict[str, str]) -> None:
    for field in fields:
        setattr(proto, field, _tensor(getattr(proto, field), names))


def _tensor(text: str, names: Dict[str, str]) -> str:
    """Returns a tensor's name, an operation's, or a control input with the new name of its node."""
    node = parse_tensor(text).node
    return text.replace(node, names[node], 1) if node in names else text
