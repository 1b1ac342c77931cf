"""`tf1pruning cluster`."""

import argparse
from typing import Any, Mapping

from ..clustering import METHODS
from . import options
from .progress import StageBar

EXAMPLES = """  tf1pruning cluster model.ckpt-200 --outputs logits --clusters 32 --output out
  tf1pruning cluster frozen.pb --outputs softmax --clusters 16 --method k-means++ --exclude conv1 --output out
  tf1pruning cluster model.ckpt-200 --outputs logits --bits bits.yaml --output out
"""
JSON = """
--json prints what cluster.json holds:
  path                  the clustered checkpoint or .pb, seen from the output folder
  weights               of the tensors that took part
  values, zeros         of all of them: before, after
  distortion            sum of the squared differences from the weights as they were
  tensors               for each: name, shape, weights, clusters (asked for), values, values_before, zeros,
                        zeros_before, solver (exact, near-exact, …; identity where nothing changed), excess (by how
                        much, relatively, the distortion may at most lie above the least possible; null where that is
                        not known), distortion, relative_error
  method, preserve_sparsity   as asked for
  bytes, zipped_bytes   of the files, and in a zip archive: before, after
  output_change         how far the outputs are from what they were, on random inputs: relative, absolute, output
  seconds               by stage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    options.add_output_options(parser)
    options.add_graph_options(parser)
    amount = parser.add_argument_group('how many values').add_mutually_exclusive_group()
    amount.add_argument('--clusters', type=int, metavar='N', help='every tensor has up to N values, zero included')
    amount.add_argument('--bits', metavar='FILE', help='YAML with a number of bits for each tensor that takes part, '
                                                       'which then has up to 2^bits values: {bits: {conv1/kernel: 4}}')
    what = parser.add_argument_group('which values')
    what.add_argument('--method', default='exact', choices=METHODS, help='the best ones there are, or those that '
                      "Lloyd's iteration finds from a beginning (default: %(default)s)")
    what.add_argument('--preserve-sparsity', action='store_true', default=True,
                      help='zeros stay exactly zero (this is the default)')
    what.add_argument('--no-preserve-sparsity', action='store_false', dest='preserve_sparsity',
                      help='zeros are clustered as any other weights')
    what.add_argument('--seed', type=int, default=0, help='of k-means++ (default: %(default)s)')
    where = parser.add_argument_group('which weights')
    where.add_argument('--tensors', default='', metavar='NAME[,NAME]',
                       help='weight tensors, or scopes of them, that take part; without it all')
    where.add_argument('--exclude', default='', metavar='NAME[,NAME]', help='tensors or scopes to leave alone')
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Writes the clustered model and prints what became of its weights."""
    from ..clustering import ClusterSelection
    from ..levels import load_bits
    from ..model.load import model_path
    from ..rewriting import shared
    bits = load_bits(args.bits) if args.bits is not None else None
    selection = ClusterSelection(args.clusters, bits, args.method, args.preserve_sparsity,
                                 options.parse_names(args.tensors), options.parse_names(args.exclude), args.seed)
    selection.check()
    model = options.read_model(args)
    options.check_feeds(model)
    bar = StageBar(shared.stages_of(model, selection), quiet=args.json)
    try:
        report = shared.write_shared(model, model_path(args.model), args.output, selection, args.force,
                                     [args.bits] if args.bits else [], bar)
    finally:
        bar.close()
    options.say_written(report, _table, args)


def _table(report: Mapping[str, Any]) -> str:
    from ..report.table import format_files, format_table
    rows = [[each['name'], '×'.join(map(str, each['shape'])), each['weights'], each['values_before'], each['values'],
             each['zeros'], '%.3f %%' % (100 * each['relative_error']), _solver(each)] for each in report['tensors']]
    rows.append(['all of them', '', report['weights'], report['values']['before'], report['values']['after'],
                 report['zeros']['after'], '', ''])
    text = format_table(['weight tensor', 'shape', 'weights', 'values', 'now', 'zeros', 'error', 'found by'], rows)
    kept = 'zeros are zero still, ' if report['preserve_sparsity'] else ''
    proof = 'proved: no tensor has more values than asked for, %severything else has its bits; the outputs move by ' \
        '%.1e relative' % (kept, report['output_change']['relative'])
    return '\n'.join([text, format_files(report), proof])


def _solver(tensor: Mapping[str, Any]) -> str:
    """Says what found the values, and how near to the best they are where that had to be proved."""
    if tensor['solver'] == 'identity':
        return 'stays as it is'
    if tensor['solver'] == 'near-exact' and tensor['excess'] is not None:
        return 'near-exact (%.2f %% at most)' % (100 * tensor['excess'])
    return str(tensor['solver'])
