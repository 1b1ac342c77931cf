"""Conditionals and loops whose course is only known when the graph runs."""

from typing import List

from ..layout import Layout
from .elementwise import unify
from .registry import Operation, rule

_ARRAYS = ('TensorArrayScatterV3', 'TensorArrayWriteV3', 'TensorArraySplitV3', 'TensorListFromTensor',
           'TensorListPushBack', 'TensorListSetItem', 'StackPushV2')


@rule('Switch', 'RefSwitch')
def switch(op: Operation) -> List[Layout]:
    """Both branches see the same channels."""
    return [op.inputs[0], op.inputs[0]]


@rule('Merge', 'RefMerge')
def merge(op: Operation) -> List[Layout]:
    """Whichever branch ran: the channels are the same."""
    return [unify(op, range(len(op.inputs))), Layout()]


@rule('Enter', 'RefEnter', attributes='frame_name is_constant parallel_iterations')
def enter(op: Operation) -> List[Layout]:
    """What goes on in a loop is not followed: what goes in stays whole."""
    op.pin_layout(op.inputs[0], 'goes into the loop %s' % op.node.attr['frame_name'].s.decode())
    return [Layout()]


@rule('While', 'StatelessWhile', attributes='cond body output_shapes parallel_iterations')
def functional_loop(op: Operation) -> List[Layout]:
    """The functional form of the same."""
    for layout in op.inputs:
        op.pin_layout(layout, 'goes into the loop %s' % op.node.name)
    return [Layout()] * len(op.out_shapes)


@rule(*_ARRAYS, attributes='element_dtype element_shape shape_type resize_if_index_out_of_bounds elem_type swap_memory')
def stored(op: Operation) -> List[Layout]:
    """What is put away element by element is not followed."""
    for layout in op.inputs:
        op.pin_layout(layout, 'is stored element by element (%s)' % op.node.op)
    return [Layout()] * max(1, len(op.out_shapes))
