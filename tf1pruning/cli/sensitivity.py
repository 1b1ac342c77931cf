"""`tf1pruning sensitivity`."""

import argparse
import functools
import json
import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from ..criteria import CRITERIA
from ..errors import OptionError, OutputError
from . import labelled_options, options

if TYPE_CHECKING:
    from ..evaluation import Labelled
    from ..sensitivity import Analysis, Kind, Suggestion

EXAMPLES = """  tf1pruning sensitivity train_dir --outputs logits --data mnist/t10k-images-idx3-ubyte.gz --output out
  tf1pruning sensitivity model.ckpt-200 --outputs logits --data images/ --kind channel --budget 0.01 --output out
  tf1pruning sensitivity frozen.pb --outputs probabilities --data validation.npz --kind bits --output out/bits

The same command again goes on where it was interrupted, at any moment. With --budget, numbers for all parameters are
suggested that together cost no more: levels.yaml for sparsify, bits.yaml for cluster, plan.json for soft-prune and
strip.
"""
JSON = """
--json prints what sensitivity.json holds:
  model, data, examples, kind    what was analysed
  column                         what the numbers are: sparsity or bits
  baseline                       accuracy and loss (cross-entropy) of the model as it is
  parameters                     for each: parameter, size, the numbers, accuracy, loss
  suggestion                     null, or: budget, numbers, measured (all at once), reached (mean of all weights)
"""
JOURNAL = 'trials.json'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    parser.add_argument('--output', required=True, metavar='DIR', help='folder for the results')
    options.add_graph_options(parser)
    labelled_options.add_labelled(parser)
    group = parser.add_argument_group('what is tried')
    group.add_argument('--kind', default='level', choices=('level', 'channel', 'bits'),
                       help='zeros in a weight tensor, zero channels of a group, or shared values of a weight tensor '
                            '(default: %(default)s)')
    group.add_argument('--levels', default='', metavar='X[,X]',
                       help='sparsities (default: 0.1 to 0.9), or bits (default: 8 to 1)')
    group.add_argument('--parameters', default='', metavar='NAME[,NAME]',
                       help='weight tensors, or groups of channels (default: all)')
    group.add_argument('--structure', default='unstructured', metavar='NAME',
                       help='of the zeros of --kind level: unstructured, filter, channel or block:B0,B1 (default: '
                            '%(default)s)')
    group.add_argument('--criterion', default='l1', choices=sorted(CRITERIA),
                       help='what scores the channels of --kind channel (default: %(default)s)')
    group.add_argument('--align', type=int, default=1, help='what remains of a group is a multiple of this (default: '
                                                            '%(default)s)')
    parser.add_argument('--budget', type=float, metavar='X', help='accuracy that all parameters together may cost: '
                                                                  '0.01 is one percentage point')
    parser.add_argument('--workers', type=int, metavar='N', help='processes; the result does not depend on it '
                                                                 '(default: one for each processor)')
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Analyses, suggests and writes."""
    from ..files import alone_in
    numbers, workers = _numbers(args), _workers(args)
    _check_suggestion(args)
    kind = prepare(args)
    labelled = labelled_options.read_labelled(args, kind.model)
    with alone_in(args.output):
        record, rows, lines = _analysed(args, kind, labelled, numbers or kind.levels, workers)
    if args.json:
        print(json.dumps(record, indent=1))
        return
    from ..report.table import format_table
    print(format_table(rows[0], rows[1:]))
    print('\n'.join(lines))


def prepare(args: argparse.Namespace) -> 'Kind':
    """Reads the model that the arguments name; every process does that for itself."""
    from ..pipeline import runnable_part
    from ..sensitivity import KINDS
    model = options.read_model(args)
    options.check_feeds(model)
    return KINDS[args.kind](runnable_part(model), options.parse_names(args.parameters), **_own_options(args))


def _own_options(args: argparse.Namespace) -> Dict[str, Any]:
    """Returns the options that only the kind asked for has."""
    names = {'level': ('structure',), 'channel': ('criterion', 'align'), 'bits': ()}[args.kind]
    return {name: getattr(args, name) for name in names}


def _analysed(args: argparse.Namespace, kind: 'Kind', labelled: 'Labelled', numbers: Tuple[float, ...], workers: int
              ) -> Tuple[Dict[str, Any], List[List[Any]], List[str]]:
    """Returns the record, a table and what was written."""
    from ..search.journal import Journal
    from ..sensitivity import analyse_sensitivity, suggest
    from ..sensitivity.analysis import Alone
    from ..sensitivity.results import write_results
    from ..sensitivity.workers import Workers
    from .progress import CountBar
    workers = min(workers, len(kind.sizes))
    journal = Journal(_journal_path(args.output, kind.file), _settings(args, labelled))
    bar = CountBar(len(set(numbers)) * len(kind.sizes), 'trials', args.json)
    try:
        with Alone(kind, labelled, args.batch) as here:
            if workers > 1:
                with Workers(workers, functools.partial(prepare, args), labelled, args.batch) as others:
                    analysis = analyse_sensitivity(kind, numbers, here, journal, others.tried, bar)
            else:
                analysis = analyse_sensitivity(kind, numbers, here, journal, None, bar)
            suggestion = None if args.budget is None else suggest(
                kind, analysis, args.budget, lambda chosen: here.remembered(chosen, journal))
    finally:
        bar.close()
    lines = ['written to %s' % args.output]
    if suggestion is not None:
        lines.insert(0, _save(kind, suggestion, args.output))
    described = {'model': args.model, 'data': args.data, 'examples': labelled.size, 'kind': args.kind}
    return write_results(args.output, analysis, suggestion, described), _rows(analysis, suggestion), lines


def _save(kind: 'Kind', suggestion: 'Suggestion', folder: str) -> str:
    """Writes what is suggested, and says what it is."""
    measured, path = suggestion.measured, os.path.join(folder, kind.file)
    if not suggestion.numbers:
        if os.path.exists(path):
            os.remove(path)
        return 'nothing can be compressed within the budget: %s is not written' % kind.file
    kind.save(suggestion.numbers, path)
    return '%s: all together %s %.3f, accuracy %.4f, loss %.4f' % (
        kind.file, kind.column, suggestion.reached, measured.accuracy, measured.loss)


def _rows(analysis: 'Analysis', suggestion: Optional['Suggestion']) -> List[List[Any]]:
    numbers = analysis.curves[0].numbers
    rows: List[List[Any]] = [['parameter', 'size', *('%g' % number for number in numbers)]]
    if suggestion is not None:
        rows[0].append('suggested')
    rows.append(['(as it is)', sum(curve.size for curve in analysis.curves),
                 '%.4f' % analysis.baseline.accuracy, *[''] * (len(rows[0]) - 3)])
    for curve in analysis.curves:
        rows.append([curve.parameter, curve.size, *('%.4f' % each.accuracy for each in curve.measured)])
        if suggestion is not None:
            rows[-1].append('%g' % suggestion.numbers[curve.parameter] if curve.parameter in suggestion.numbers
                            else '-')
    return rows


def _settings(args: argparse.Namespace, labelled: 'Labelled') -> Dict[str, Any]:
    """Returns what a trial depends on; others may be tried later."""
    import hashlib

    import numpy as np

    from ..exports.certificate import files_of, sha256
    from ..model.load import model_path
    examples = hashlib.sha256(labelled.labels.tobytes())
    for name in sorted(labelled.inputs):
        examples.update(np.ascontiguousarray(labelled.inputs[name]).data)
    return dict(_own_options(args), kind=args.kind, outputs=args.outputs, inputs=args.inputs, feed=args.feed,
                examples=examples.hexdigest(), model=[sha256(path) for path in files_of(model_path(args.model))])


def _journal_path(folder: str, suggested: str) -> str:
    """Returns where trials are remembered, and sees to it that nobody else's file would be replaced."""
    from ..sensitivity.results import PICTURE, RECORD, TABLE
    path = os.path.join(folder, JOURNAL)
    foreign = [name for name in (TABLE, RECORD, PICTURE, suggested) if os.path.exists(os.path.join(folder, name))]
    if foreign and not os.path.exists(path):
        raise OutputError('%s holds %s, but no %s of an earlier run: choose another folder' % (
            folder, foreign[0], JOURNAL))
    return path


def _numbers(args: argparse.Namespace) -> Tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in options.parse_names(args.levels))
    except ValueError:
        raise OptionError('--levels: %r is not numbers separated by commas' % args.levels) from None
    return tuple(int(number) if args.kind == 'bits' and number.is_integer() else number for number in numbers)


def _workers(args: argparse.Namespace) -> int:
    if args.workers is None:
        return len(os.sched_getaffinity(0))
    if args.workers < 1:
        raise OptionError('--workers %d: it must be at least 1' % args.workers)
    return int(args.workers)


def _check_suggestion(args: argparse.Namespace) -> None:
    if args.budget is not None:
        from ..sensitivity.suggestion import check_budget
        check_budget(args.budget)
