"""Ways to damage a graph: what a file can say that no program would write."""

import random
from typing import Any, Callable, Tuple

from tf1pruning.tf1 import tf

Random = random.Random
_SIZES = (-1, -2, 0, 1, 3, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 40, 10 ** 12, 2 ** 62, 2 ** 63 - 1)
_TYPES = ('VariableV2', 'Const', 'Identity', 'Merge', 'Switch', 'NextIteration', 'Enter', 'Exit', 'Reshape', 'Pack',
          'ConcatV2', 'Range', 'Fill', 'Tile', 'Transpose', 'Conv2D', 'MatMul', 'Mean', 'Pad', 'Split', 'StridedSlice',
          'NoSuchOperation', 'PartitionedCall', 'While', 'If', 'TensorArrayV3', 'TensorArrayReadV3', 'FusedBatchNormV3',
          'Placeholder', 'AddN', 'Squeeze', 'GatherV2', '')


def damage_graph(graph: 'tf.GraphDef', chance: Random) -> None:
    """Changes a graph in one to three places."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        if graph.node:
            chance.choice(_WAYS)(graph, chance)


def _any(graph: 'tf.GraphDef', chance: Random, operation: str = '') -> 'tf.NodeDef':
    found = [node for node in graph.node if node.op == operation] if operation else []
    return chance.choice(found or list(graph.node))


def _same_name(graph: 'tf.GraphDef', chance: Random) -> None:
    _any(graph, chance).name = _any(graph, chance).name


def _rename(graph: 'tf.GraphDef', chance: Random) -> None:
    _any(graph, chance).name = chance.choice(('', 'a b', '../x', '^x', 'x:0', 'y' * 3000, '/', '_'))


def _other_input(graph: 'tf.GraphDef', chance: Random) -> None:
    """A cycle, a second use, or another type."""
    node = _any(graph, chance)
    if node.input:
        source = chance.choice((node.name, _any(graph, chance).name, 'nowhere', '', _any(graph, chance).name + ':7'))
        node.input[chance.randrange(len(node.input))] = chance.choice(('', '', '', '^')) + source


def _more_inputs(graph: 'tf.GraphDef', chance: Random) -> None:
    node = _any(graph, chance)
    if chance.random() < 0.5:
        del node.input[chance.randrange(len(node.input) + 1):]
    else:
        node.input.extend([_any(graph, chance).name] * chance.choice((1, 2, 200)))


def _other_operation(graph: 'tf.GraphDef', chance: Random) -> None:
    _any(graph, chance).op = chance.choice((*_TYPES, _any(graph, chance).op))


def _absurd_constant(graph: 'tf.GraphDef', chance: Random) -> None:
    tensor = _any(graph, chance, 'Const').attr['value'].tensor
    way = chance.randrange(5)
    if way == 0:
        tensor.tensor_content = tensor.tensor_content[:chance.randrange(1 + len(tensor.tensor_content))]
    elif way == 1:
        tensor.tensor_content = b''
        tensor.float_val.append(1.0)
    elif way == 2:
        tensor.dtype = chance.choice((0, 1, 2, 3, 7, 9, 10, 14, 18, 19, 20, 21, 22, 23, 101, 999))
    elif way == 3:
        tensor.tensor_shape.unknown_rank = True
    if way != 3:
        _absurd_shape(tensor.tensor_shape, chance)


def _absurd_shape(shape: Any, chance: Random) -> None:
    if shape.dim and chance.random() < 0.6:
        chance.choice(shape.dim).size = chance.choice(_SIZES)
    else:
        for _ in range(chance.choice((1, 2, 4, 300))):
            shape.dim.add(size=chance.choice(_SIZES))


def _absurd_declaration(graph: 'tf.GraphDef', chance: Random) -> None:
    node = _any(graph, chance, chance.choice(('Placeholder', 'VariableV2', 'VarHandleOp')))
    _absurd_shape(node.attr['shape'].shape, chance)


def _no_attribute(graph: 'tf.GraphDef', chance: Random) -> None:
    node = _any(graph, chance)
    if node.attr:
        del node.attr[chance.choice(sorted(node.attr))]


def _others_attributes(graph: 'tf.GraphDef', chance: Random) -> None:
    node, other = _any(graph, chance), _any(graph, chance)
    for name in other.attr:
        node.attr[name].CopyFrom(other.attr[name])


def _endless_function(graph: 'tf.GraphDef', chance: Random) -> None:
    """A function that calls itself, once or twice, or another one that calls it."""
    node = _any(graph, chance)
    for name, called in chance.choice(((('f', 'f'),), (('f', 'g'), ('g', 'f')), (('f', 'f'), ('f', 'f')))):
        function = graph.library.function.add()
        function.signature.name = name
        function.signature.input_arg.add(name='x', type=1)
        function.signature.output_arg.add(name='y', type=1)
        for number in range(chance.choice((1, 2, 9))):
            call = function.node_def.add(name='call_%d' % number, op=called, input=['x'])
            call.attr['T'].type = 1
        function.ret['y'] = chance.choice(('call_0:y:0', 'x', 'nowhere', ''))
    node.op = 'f'


def _chain(graph: 'tf.GraphDef', chance: Random) -> None:
    """A long way, or one that doubles at every step, in front of an input."""
    node = _any(graph, chance, chance.choice(('Reshape', 'Conv2D', 'Mean', '')))
    operation = chance.choice(('Identity', 'Add', 'AddV2', 'ConcatV2', 'Pack', 'Cast', 'ExpandDims', 'Mul'))
    if not node.input:
        return
    place = chance.randrange(len(node.input))
    before = node.input[place]
    for number in range(chance.choice((3, 40, 1500))):
        name = 'chain_%d' % number
        added = graph.node.add(name=name, op=operation, input=[before] * (1 if operation in (
            'Identity', 'Cast', 'ExpandDims') else 2))
        added.attr['T'].type = chance.choice((1, 3))
        before = name
    node.input[place] = before


_WAYS: Tuple[Callable[[Any, Random], None], ...] = (
    _same_name, _rename, _other_input, _other_input, _more_inputs, _other_operation, _other_operation, _absurd_constant,
    _absurd_constant, _absurd_declaration, _no_attribute, _others_attributes, _endless_function, _chain)
