"""Which operations of a live graph change a variable, and which slot variables they change along with it.

Everything is read from the operations' types and inputs; a slot's name carries no meaning.
"""

import re
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from ..errors import OptionError
from ..model.variables import divisor_of
from ..tf1 import tf

VARIABLE_OPS = ('VariableV2', 'Variable', 'VarHandleOp')
PASSING_OPS = ('Identity', 'RefIdentity', 'ReadVariableOp', 'Enter', 'RefEnter', 'Switch', 'RefSwitch')
"""Operations that hand a variable's reference, handle or value on."""

OWN_ASSIGNMENTS = 'tf1pruning/assignments'
"""Collection of the assignments that this package adds to a graph."""

_APPLY = re.compile(r'(Resource)?(Sparse)?Apply(?=[A-Z])')
_ADD = re.compile(r'(Assign(Add|Sub)(VariableOp)?|(Resource)?Scatter(Nd)?(Add|Sub|Mul|Div|Update|Max|Min))$')
_ASSIGN = ('Assign', 'AssignVariableOp')


class GraphVariable(NamedTuple):
    """A variable of a live graph, one partition of it, or its copy on one replica of `tf.distribute`.

    Attributes:
        name: its name in checkpoints, which partitions and copies share.
        op: the `VariableV2` or `VarHandleOp`.
        offset: where a partition begins in the whole variable, per axis; `()` for a variable in one piece.
    """

    name: str
    op: tf.Operation
    offset: Tuple[int, ...] = ()

    @property
    def shape(self) -> Tuple[int, ...]:
        """The shape of this piece."""
        return shape_of(self.op)


class Update(NamedTuple):
    """One operation that changes a variable during training.

    Attributes:
        op: the operation.
        variable: what it changes.
        gradient: which of its inputs is the dense gradient. Where this, the variable and the moments are zero, every
            optimizer of TensorFlow leaves them zero. None for updates of other kinds.
        moments: slots that stay zero where the variable does.
        divisors: slots that Adagrad and Ftrl divide by, without an epsilon; 0 / 0 is not a number.
    """

    op: tf.Operation
    variable: GraphVariable
    gradient: Optional[int] = None
    moments: Tuple[tf.Operation, ...] = ()
    divisors: Tuple[tf.Operation, ...] = ()


def shape_of(variable: tf.Operation) -> Tuple[int, ...]:
    """Returns the static shape of a `VariableV2` or `VarHandleOp`, empty where it is not known."""
    shape = variable.get_attr('shape')
    return () if shape.unknown_rank else tuple(dim.size for dim in shape.dim)


def find_variables(graph: tf.Graph) -> Dict[str, List[GraphVariable]]:
    """Returns every variable of the graph by its checkpoint name, and by its node's name.

    Partitions are together, and so are the copies that the replicas of `tf.distribute` have.
    """
    places: Dict[str, Tuple[str, Tuple[int, ...]]] = {}
    for variable in graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES):
        piece = variable._get_save_slice_info()
        if piece is not None:
            places[variable.op.name] = (piece.full_name, tuple(piece.var_offset))
        copies: Sequence[tf.Variable] = getattr(variable, 'values', ())
        places.update({copy.op.name: (_checkpoint_name(copies[0].op), ()) for copy in copies})
    found: Dict[str, List[GraphVariable]] = {}
    for op in graph.get_operations():
        if op.type in VARIABLE_OPS:
            name, offset = places.get(op.name, (_checkpoint_name(op), ()))
            found.setdefault(name, []).append(GraphVariable(name, op, offset))
            if name != op.name:
                found.setdefault(op.name, []).append(GraphVariable(op.name, op))
    return found


def find_averages(graph: tf.Graph, variables: Iterable[tf.Operation]) -> Dict[tf.Operation, tf.Operation]:
    """Returns moving average -> variable: M of every `AssignSub(M, (M - variable) * decay)`."""
    averaged = set(variables)
    found = {}
    for op in graph.get_operations():
        if op.type not in ('AssignSub', 'AssignSubVariableOp') or op.inputs[1].op.type != 'Mul':
            continue
        average = _source(op.inputs[0])
        for factor in op.inputs[1].op.inputs:
            parts = [_source(tensor) for tensor in factor.op.inputs] if factor.op.type == 'Sub' else []
            if len(parts) == 2 and parts[0] is average is not None and parts[1] in averaged:
                found[average] = parts[1]
    return found


def _checkpoint_name(variable: tf.Operation) -> str:
    shared = variable.get_attr('shared_name').decode() if variable.type == 'VarHandleOp' else ''
    return shared or variable.name


def find_updates(graph: tf.Graph, variables: Iterable[GraphVariable]) -> List[Update]:
    """Returns the operations that change one of `variables` during training.

    Initialisers and the assignments of a `Saver` are not among them: their value does not depend on the variable.
    Nor are those that this package has added.
    """
    by_op = {variable.op: variable for variable in variables}
    own = set(graph.get_collection(OWN_ASSIGNMENTS))
    updates = []
    for op in graph.get_operations():
        if op in own or not _may_write(op):
            continue
        target = by_op.get(_source(op.inputs[0]))
        if target is None or op.type in _ASSIGN and not _depends_on(op.inputs[1], target.op):
            continue
        slots = _slots(op) if _APPLY.match(op.type) else []
        divisors = slots[_divisor(op)]
        moments = [slot for slot in slots if slot not in divisors]
        updates.append(Update(op, target, _gradient(op), tuple(moments), tuple(divisors)))
    return updates


def learning_rate_of(updates: Iterable[Update]) -> tf.Tensor:
    """Returns the learning rate that some updates have in common.

    Raises:
        OptionError: they have none, as hand-written optimizers have, or several.
    """
    rates = {}
    for update in updates:
        inputs = {argument.name: tensor for argument, tensor in zip(update.op.op_def.input_arg, update.op.inputs)}
        rate = inputs.get('lr', inputs.get('alpha')) if _APPLY.match(update.op.type) else None
        if rate is not None:
            rates[rate.name] = rate
    if len(rates) != 1:
        raise OptionError('the optimizer has %s: give the learning rate, as a number or as the name of a tensor'
                          % ('the learning rates ' + ', '.join(sorted(rates)) if rates else 'no learning rate'))
    return rates.popitem()[1]


def _gradient(op: tf.Operation) -> Optional[int]:
    if not _APPLY.match(op.type) or 'Sparse' in op.type:
        return None
    names = [argument.name for argument in op.op_def.input_arg]
    return next((index for index, name in enumerate(names) if name in ('grad', 'delta')), None)


def _divisor(op: tf.Operation) -> slice:
    position = divisor_of(op.type)
    return slice(0) if position is None else slice(position, position + 1)


def _may_write(op: tf.Operation) -> bool:
    return bool(op.inputs) and bool(op.type in _ASSIGN or _APPLY.match(op.type) or _ADD.match(op.type))


def _slots(op: tf.Operation) -> List[tf.Operation]:
    """Returns the variables of the target's shape that an `Apply*` operation takes by reference or handle."""
    target = _source(op.inputs[0])
    found = []
    for tensor in op.inputs[1:]:
        source = _source(tensor) if tensor.dtype._is_ref_dtype or tensor.dtype == tf.resource else None
        if source is not None and target is not None and shape_of(source) == shape_of(target):
            found.append(source)
    return found


def _source(tensor: tf.Tensor) -> Optional[tf.Operation]:
    """Returns the variable whose reference, handle or value `tensor` is, if it is one."""
    op = tensor.op
    while op.type in PASSING_OPS:
        op = op.inputs[0].op
    return op if op.type in VARIABLE_OPS else None


def _depends_on(tensor: tf.Tensor, variable: tf.Operation) -> bool:
    seen: Set[tf.Operation] = set()
    stack = [tensor.op]
    while stack:
        op = stack.pop()
        if op is variable:
            return True
        if op not in seen:
            seen.add(op)
            stack.extend(each.op for each in op.inputs)
    return False
