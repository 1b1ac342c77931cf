"""Operations that run after some updates of variables and before everything that waits for these."""

from typing import Callable, Dict, Iterable, List, Optional, Sequence, Set

from ..errors import UnsupportedError
from ..tf1 import tf
from .updates import Update


class AfterUpdates(tf.train.SessionRunHook):
    """Lets operations run within the very `session.run` that updates variables.

    What waits for an update, in the graph, waits for the operation too: whichever train op runs, runs its operations
    and no other's, and no checkpoint sees a value in between.
    """

    def __init__(self) -> None:
        self._alone: Dict[tf.Operation, tf.Operation] = {}

    def _run_after(self, updates: Sequence[Update], make: Callable[[], tf.Operation]) -> None:
        """Puts what `make` makes behind some updates."""
        waiting = _waiting_for_all(updates)
        with tf.control_dependencies([update.op for update in updates]):
            made = make()
        for op in waiting:
            op._add_control_input(made)
        if not waiting:
            self._alone.update((update.op, made) for update in updates)

    def before_run(self, run_context: tf.train.SessionRunContext) -> Optional[tf.train.SessionRunArgs]:
        """Adds operations only for an update that nothing in the graph waits for, when it is run by itself."""
        if not self._alone:
            return None
        fetched = {getattr(each, 'op', each) for each in tf.nest.flatten(run_context.original_args.fetches)}
        made = [each for op, each in self._alone.items() if op in fetched]
        return tf.train.SessionRunArgs(made) if made else None


def steps_of(updates: Sequence[Update]) -> List[List[Update]]:
    """Splits updates by the training step that they belong to.

    Two belong together where one operation waits for both, at once or through a `tf.group`, as the train op does that
    an optimizer makes of its updates.
    """
    steps: List[List[Update]] = []
    ends: List[Set[tf.Operation]] = []
    for update in updates:
        members, reached = [update], _groups_behind(update.op)
        for number in reversed(range(len(steps))):
            if ends[number] & reached:
                members = steps.pop(number) + members
                reached |= ends.pop(number)
        steps.append(members)
        ends.append(reached)
    return steps


def refuse_loops(updates: Iterable[Update], instead: str) -> None:
    """Checks that a hook can follow some updates.

    Raises:
        UnsupportedError: one of them is inside a `tf.while_loop`.
    """
    for update in updates:
        context = update.op._get_control_flow_context()
        while context is not None:
            if context.IsWhileContext():
                raise UnsupportedError('%s changes %s inside a tf.while_loop, where no hook can follow; %s'
                                       % (update.op.name, update.variable.name, instead))
            context = context.outer_context


def _waiting_for(op: tf.Operation) -> List[tf.Operation]:
    readers = [reader for output in op.outputs for reader in output.consumers()]
    return list(dict.fromkeys(list(op._control_outputs) + readers))


def _waiting_for_all(updates: Sequence[Update]) -> List[tf.Operation]:
    """Returns what waits for any of some updates, but for what one of the others itself waits for."""
    waiting = list(dict.fromkeys(op for update in updates for op in _waiting_for(update.op)))
    before = _ancestors([update.op for update in updates]) if len(updates) > 1 else set()
    return [op for op in waiting if op not in before]


def _groups_behind(op: tf.Operation) -> Set[tf.Operation]:
    """Returns the operation, what waits for it, and where that only groups others, what waits for the group."""
    found: Set[tf.Operation] = {op}
    stack = _waiting_for(op)
    while stack:
        each = stack.pop()
        if each not in found:
            found.add(each)
            if each.type == 'NoOp':
                stack.extend(_waiting_for(each))
    return found


def _ancestors(ops: Sequence[tf.Operation]) -> Set[tf.Operation]:
    found: Set[tf.Operation] = set()
    stack = list(ops)
    while stack:
        op = stack.pop()
        if op not in found:
            found.add(op)
            stack.extend(each.op for each in op.inputs)
            stack.extend(op.control_inputs)
    return found
