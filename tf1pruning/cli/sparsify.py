"""`tf1pruning sparsify`."""

import argparse
from typing import Any, Mapping

from . import options
from .progress import StageBar
from .sparsity_options import add_sparsity, parse_sparsity

EXAMPLES = """  tf1pruning sparsify model.ckpt-200 --outputs logits --sparsity 0.8 --output out
  tf1pruning sparsify frozen.pb --outputs softmax --sparsity 0.9 --global --exclude conv1 --output out
  tf1pruning sparsify model.ckpt-200 --outputs logits --levels levels.yaml --structure block:4,4 --output out
  tf1pruning sparsify model.ckpt-200 --outputs logits --structure 2:4 --output out
"""
JSON = """
--json prints what sparsify.json holds:
  path                  the sparse checkpoint or .pb, seen from the output folder
  weights, zeros        of the tensors that took part; zeros: before, after
  sparsity              zeros after / weights
  tensors               for each: name, shape, weights, pruned, zeros, zeros_before, sparsity
  structure, together   as asked for
  bytes, zipped_bytes   of the files, and in a zip archive: before, after
  output_change         how far the outputs are from what they were, on random inputs: relative, absolute, output
  seconds               by stage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    options.add_output_options(parser)
    options.add_graph_options(parser)
    add_sparsity(parser)
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Writes the sparse model and prints what became of its weights."""
    selection = parse_sparsity(args)
    from ..model.load import model_path
    from ..rewriting import sparse
    model = options.read_model(args)
    options.check_feeds(model)
    bar = StageBar(sparse.STAGES, quiet=args.json)
    try:
        report = sparse.write_sparse(model, model_path(args.model), args.output, selection, args.force,
                                     [args.levels] if args.levels else [], bar)
    finally:
        bar.close()
    options.say_written(report, _table, args)


def _table(report: Mapping[str, Any]) -> str:
    from ..report.table import format_files, format_table
    rows = [[each['name'], '×'.join(map(str, each['shape'])), each['weights'], each['zeros'],
             '%.2f %%' % (100 * each['sparsity'])] for each in report['tensors']]
    rows.append(['all of them', '', report['weights'], report['zeros']['after'],
                 '%.2f %%' % (100 * report['sparsity'])])
    text = format_table(['weight tensor', 'shape', 'weights', 'zeros', 'sparsity'], rows)
    proof = 'proved: %s weights are zero, everything else has its bits; the outputs move by %.1e relative' % (
        f"{report['zeros']['after']:,}", report['output_change']['relative'])
    return '\n'.join([text, format_files(report), proof])
