"""Matrix products."""

from typing import List

from ...graph.attributes import turned
from ..layout import Block, Layout
from .convolution import contract
from .registry import Operation, rule


@rule('MatMul', 'BatchMatMul', 'BatchMatMulV2', attributes='transpose_a transpose_b adj_x adj_y grad_x grad_y')
def matrix_product(op: Operation) -> List[Layout]:
    """Either operand may be the kernel; two live operands pin the axis they are contracted over."""
    ranks = [len(op.shape(0)), len(op.shape(1))]
    out_rank = max(ranks)
    transposed = turned(op.node)
    summed = [ranks[0] - (2 if transposed[0] else 1), ranks[1] - (1 if transposed[1] else 2)]
    free = [2 * ranks[k] - 3 - summed[k] for k in (0, 1)]
    incoming = [op.ids(k, summed[k]) for k in (0, 1)]
    kernel = next((k for k in (1, 0) if op.inputs[k].parameters and ranks[k] == 2), None)
    if kernel is None:
        for ids in incoming:
            op.pin(ids, 'a product of two activations sums over these channels')
    else:
        contract(op, incoming[1 - kernel], incoming[kernel], op.ids(kernel, free[kernel]), kernel)
    blocks: List[Block] = []
    for k in (0, 1):
        for block in op.inputs[k].blocks:
            if block.axes == (free[k],):
                blocks.append(Block((out_rank - 2 + k,), block.ids))
            elif summed[k] not in block.axes:
                op.pin(block.ids, 'batches of matrices')
    return [Layout(tuple(blocks))]
