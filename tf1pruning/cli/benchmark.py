"""`tf1pruning benchmark`."""

import argparse
import json
import os
import platform
from typing import Any, Dict, List, Sequence

from ..errors import OptionError
from ..tf1 import is_tf1, tf

EXAMPLES = """  tf1pruning benchmark shipped/model.tflite
  tf1pruning benchmark before/model.tflite after/model.tflite --rounds 300
  tf1pruning benchmark before/model.pb after/model.pb --per-op --output benchmark.json
"""
JSON = """
ratio: time of a file relative to the first one's, round by round: the median, and where the middle 80 % lie

--json prints what --output writes:
  rounds, batch, machine   how it was measured
  rows                     file, runtime, threads, median_ms, p90_ms, min_ms, ratio, ratio_low, ratio_high, memory_mb
  operations               with --per-op, for each file: name, type, ms, share
"""
_SHOWN = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument('files', nargs='+', metavar='FILE',
                        help='.pb, .tflite, .onnx or SavedModel; the first one is what the others are compared with')
    parser.add_argument('--rounds', type=int, default=100, help='how often each file runs (default: %(default)s)')
    parser.add_argument('--threads', default='', metavar='N[,N]', help='numbers of threads (default: 1 and all cores)')
    parser.add_argument('--batch', type=int, default=1, help='examples at once, where a file leaves it open '
                                                             '(default: %(default)s)')
    parser.add_argument('--per-op', action='store_true', help='also show where the time goes (not for TFLite)')
    parser.add_argument('--output', metavar='FILE', help='also write the figures, as JSON')
    parser.add_argument('--force', action='store_true', help='replace an earlier file')
    parser.add_argument('--json', action='store_true', help='print JSON for programs')


def run(args: argparse.Namespace) -> None:
    """Measures and prints a table."""
    from ..files import check_replaceable, write_text
    from ..latency import compare_files, profile
    from .progress import StageBar
    threads = _threads(args.threads)
    for flag, value in (('--rounds', args.rounds), ('--batch', args.batch)):
        if value < 1:
            raise OptionError('%s %d: it must be at least 1' % (flag, value))
    if args.output:
        check_replaceable(args.output, args.force, '"rounds": ')
    bar = StageBar(['memory'] * len(args.files) + ['threads'] * len(threads) + ['operations'] * args.per_op, args.json)
    rows = compare_files(args.files, args.rounds, threads, args.batch, bar)
    found: Dict[str, Any] = {'rounds': args.rounds, 'batch': args.batch, 'machine': _machine(),
                             'rows': [dict(row._asdict()) for row in rows]}
    if args.per_op:
        bar('operations')
        timed = [row.file for row in rows if row.threads == threads[0] and row.runtime != 'tflite']
        found['operations'] = {path: [dict(each._asdict()) for each in profile(path, 1, args.batch)] for path in timed}
    bar.close()
    text = json.dumps(found, indent=1)
    if args.output:
        write_text(args.output, text + '\n')
    print(text if args.json else _tables(found))


def _threads(text: str) -> List[int]:
    cores = len(os.sched_getaffinity(0))
    try:
        counts = [int(part) for part in text.split(',')] if text else [1, cores]
    except ValueError:
        raise OptionError('--threads: %r is not a number, or numbers separated by commas' % text) from None
    if min(counts) < 1:
        raise OptionError('--threads: %s: it must be at least 1' % text)
    return list(dict.fromkeys(counts))


def _machine() -> Dict[str, Any]:
    return {'processor': _processor(), 'cores': len(os.sched_getaffinity(0)), 'load': os.getloadavg()[0],
            'tensorflow': tf.__version__, 'python': platform.python_version()}


def _processor() -> str:
    try:
        with open('/proc/cpuinfo') as stream:
            names = [line.split(':', 1)[1].strip() for line in stream if line.startswith('model name')]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _tables(found: Dict[str, Any]) -> str:
    from ..report.table import format_table
    header = ['file', 'runtime', 'threads', 'median ms', 'p90 ms', 'min ms', 'ratio', 'spread', 'memory MB']
    text = format_table(header, [_cells(row) for row in found['rows']])
    if is_tf1() and any(row['runtime'] == 'tflite' for row in found['rows']):
        text += "\nTensorFlow %s's TFLite interpreter cannot be told a number of threads" % tf.__version__
    if 'operations' in found and any(row['runtime'] == 'tflite' for row in found['rows']):
        text += '\nthe TFLite interpreter does not tell Python how long an operation takes: profile .pb or .onnx'
    for path, operations in found.get('operations', {}).items():
        text += '\n\n%s, one thread:\n%s' % (path, _operations(operations))
    return text


def _cells(row: Dict[str, Any]) -> Sequence[Any]:
    ratio = ['', ''] if row['ratio'] is None else [
        '%.3f' % row['ratio'], '%.3f – %.3f' % (row['ratio_low'], row['ratio_high'])]
    return [row['file'], row['runtime'], row['threads'],
            *('%.3f' % row[name] for name in ('median_ms', 'p90_ms', 'min_ms')), *ratio, '%.1f' % row['memory_mb']]


def _operations(operations: Sequence[Dict[str, Any]]) -> str:
    from ..report.table import format_table
    kinds: Dict[str, List[float]] = {}
    for each in operations:
        kinds.setdefault(each['type'], []).append(each['ms'])
    total = sum(each['ms'] for each in operations) or 1.0
    by_kind = sorted(kinds.items(), key=lambda item: -sum(item[1]))
    first = format_table(['operation', 'count', 'ms', 'share'], [
        [kind, len(times), '%.3f' % sum(times), '%.1f %%' % (100 * sum(times) / total)] for kind, times in by_kind])
    rows = [[each['name'], each['type'], '%.3f' % each['ms'], '%.1f %%' % (100 * each['share'])]
            for each in operations[:_SHOWN]]
    return '%s\nthe %d that take longest:\n%s' % (first, len(rows), format_table(
        ['name', 'operation', 'ms', 'share'], rows))
