"""`tf1pruning decompose`."""

import argparse
from typing import Any, Dict, List, Mapping, Tuple

from ..errors import NothingToPruneError, OptionError
from ..lowrank import STRUCTURES, Structure
from ..lowrank.allocation import ALLOCATIONS
from ..lowrank.costs import COSTS, KINDS, WEIGHT
from . import options
from .labelled_options import add_labelled, read_labelled
from .progress import StageBar

EXAMPLES = """  tf1pruning decompose model.ckpt-200 --outputs logits --compression_factor 0.5 --output out
  tf1pruning decompose frozen.pb --outputs softmax --compression_factor 0.4 --compression_type tucker \\
      --cost latency --times times.json --output out
  tf1pruning decompose model.ckpt-200 --outputs logits --method fixed_loss --max_acc_loss 0.02 --data images/ \\
      --count 500 --output out
  tf1pruning decompose sibling.ckpt-9 --outputs logits --settings out/decompose.json --output out2
"""
JSON = """
--json prints what decompose.json holds:
  path                       the decomposed checkpoint or .pb, seen from the output folder; modify.pb lies beside it
  kept, summed_error         of all layers' cost; the layers' relative errors, added up
  layers                     by kernel: kernel (kh, kw, Cin, Cout), ranks (null: as it was), density, dense_cost, cost
                             (of dense_cost), error (of the kernel, relative)
  left_alone                 why other weights took no part
  accuracy                   of fixed_loss: searched, reported, each before and after; undone: layers put back for it
  decomposed_vs_kernels      largest difference of the files from the original graph with the kernels that the branches
                             amount to: relative, absolute, output
  output_change              how far the outputs are from what they were, on random inputs
  parameters, macs, weight_bytes, bytes   before, after: of the graph as it is, in which a sparse branch is dense
  seconds                    by stage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    options.add_output_options(parser)
    options.add_graph_options(parser)
    _add_amount(parser)
    form = parser.add_argument_group('what layers become')
    _add(form, '--compression-type', choices=KINDS, default='hybrid',
         help='low-rank and sparse branches, or one of them only (default: %(default)s)')
    _add(form, '--pruning-structure', choices=STRUCTURES, default='unstructured',
         help='what a sparse branch keeps together (default: %(default)s)')
    _add(form, '--block-size', default='4,4', metavar='N,N', help='incoming and outgoing channels of a block (default: '
                                                                  '%(default)s)')
    form.add_argument('--layers', default='', metavar='NAME[,NAME]', help='kernels that take part (default: all that '
                                                                          'can)')
    form.add_argument('--exclude', default='', metavar='NAME[,NAME]', help='kernels that are left alone')
    add_labelled(parser, required=False)
    options.add_json(parser)


def _add_amount(parser: argparse.ArgumentParser) -> None:
    amount = parser.add_argument_group('how much')
    amount.add_argument('--method', choices=('fixed_params', 'fixed_loss'), default='fixed_params',
                        help='keep a part of the cost, without data; or lose at most some accuracy, on labelled '
                             'examples: one half to search on, the other to report on (default: %(default)s)')
    _add(amount, '--compression-factor', type=float, help='the part of the cost that is kept, in (0, 1)')
    amount.add_argument('--allocation', choices=ALLOCATIONS, default='spread',
                        help="share the cost out by the kernels' standard deviations, or so that the relative errors "
                             'add up to the least (default: %(default)s)')
    _add(amount, '--max-acc-loss', type=float, default=0.02, help='the accuracy that may be lost (default: '
                                                                  '%(default)s)')
    amount.add_argument('--cost', choices=(*COSTS, 'latency'), default='macs',
                        help='what is counted; latency measures layers as TFLite files, so that none gets slower '
                             '(default: %(default)s)')
    amount.add_argument('--times', metavar='FILE', help='remembers the times of latency')
    _add(amount, '--sparsity-weight', type=float, default=WEIGHT,
         help='an entry of a sparse branch costs as much as so many dense ones (default: %(default)s)')
    amount.add_argument('--settings', metavar='FILE', help='ranks and densities of an earlier decompose.json')


def _add(group: Any, flag: str, **arguments: Any) -> None:
    """Adds a flag in the spelling of this program and in that with underscores."""
    group.add_argument(flag, flag[:2] + flag[2:].replace('-', '_'), **arguments)


def run(args: argparse.Namespace) -> None:
    """Decomposes and prints what became of each layer."""
    from .. import decomposition
    from ..model.load import model_path
    from ..pipeline import runnable_part
    order = _order(args)
    order.check()
    model = options.read_model(args)
    options.check_feeds(model)
    labelled = None
    if order.settings is None and args.method == 'fixed_loss':
        if args.data is None:
            raise OptionError('--method fixed_loss measures the accuracy: give labelled examples with --data')
        labelled = read_labelled(args, runnable_part(model))
    keep = [path for path in (args.data, args.settings, args.times) if path]
    bar = StageBar(decomposition.STAGES, quiet=args.json)
    try:
        report = decomposition.write_decomposed(model, model_path(args.model), args.output, order, labelled, args.batch,
                                                args.force, keep, bar, _LayerLines(args.json).tell)
    except NothingToPruneError as nothing:
        options.say_nothing(nothing, args.json)
        return
    finally:
        bar.close()
    options.say_written(report, _table, args)


def _order(args: argparse.Namespace) -> Any:
    from ..decomposition import DecomposeOrder
    return DecomposeOrder(args.method, args.compression_factor, args.max_acc_loss, args.compression_type,
                          Structure(args.pruning_structure, _block(args.block_size)), args.sparsity_weight, args.cost,
                          args.allocation, options.parse_names(args.layers), options.parse_names(args.exclude),
                          args.settings, args.times)


def _block(text: str) -> Tuple[int, int]:
    try:
        first, second = (int(part) for part in text.split(','))
    except ValueError:
        raise OptionError('--block_size: %r is not two numbers (like 4,4)' % text) from None
    return first, second


class _LayerLines:
    """Prints a line on standard error for every layer that a search has finished, with the time left."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def tell(self, stage: str, record: Dict[str, Any]) -> None:
        """Says what became of a layer."""
        import sys
        if self._quiet or 'evaluations' not in record:
            return
        what = 'stays as it is' if 'ranks' not in record else 'ranks %d, %d, density %.3f, accuracy %.4f' % (
            *record['ranks'], record['density'], record['accuracy'])
        print('%s: %s (%d evaluations, %.0f s)' % (stage, what, record['evaluations'], record['seconds']),
              file=sys.stderr)


def _table(report: Mapping[str, Any]) -> str:
    from ..report.table import format_table
    rows: List[List[Any]] = []
    for name, each in report['layers'].items():
        ranks = 'as it was' if each['ranks'] is None else '%d, %d' % tuple(each['ranks'])
        density = '' if each['density'] is None else '%.2f %%' % (100 * each['density'])
        rows.append([name, '×'.join(map(str, each['kernel'])), ranks, density, '%.1f %%' % (100 * each['cost']),
                     '%.4f' % each['error']])
    rows.append(['all of them', '', '', '', '%.1f %%' % (100 * report['kept']), '%.4f' % report['summed_error']])
    lines = [format_table(['layer', 'kernel', 'ranks', 'density', 'cost (%s)' % report['cost_model'], 'error'], rows)]
    if report['left_alone']:
        lines.append('left alone: %d other weights (%s)' % (len(report['left_alone']), '; '.join(
            '%s: %s' % each for each in list(report['left_alone'].items())[:2])))
    for half, what in report.get('accuracy', {}).items():
        lines.append('accuracy, examples %s on: %.2f %% → %.2f %%' % (half, 100 * what['before'], 100 * what['after']))
    if report.get('undone'):
        lines.append('put back so that the loss holds on the examples reported on, too: %s'
                     % ', '.join(report['undone']))
    lines.append('compared: the files differ from the original graph with these kernels by %.1e relative; the outputs '
                 'move by %.1e' % (report['decomposed_vs_kernels']['relative'], report['output_change']['relative']))
    return '\n'.join(lines)
