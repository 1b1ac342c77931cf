"""`tf1pruning report`."""

import argparse
import os

from ..report import REPORTS
from .progress import StageBar

EXAMPLES = """  tf1pruning report out
  tf1pruning report out --format md --output comment.md
  tf1pruning report out/demo --format tensorboard --output train_dir/report

DIR is what prune, strip, export, run, sensitivity or benchmark wrote, the folder of a pruning loop, or one above
these. Only what lies in it is read, and nothing in it is changed. The page asks no network for anything.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument('folder', metavar='DIR', help='the folder of a run')
    parser.add_argument('--output', default='', metavar='FILE',
                        help='what to write (default: report.html, report.md or the folder report_summaries, in DIR)')
    parser.add_argument('--format', default='html', choices=sorted(REPORTS),
                        help='one HTML file, a table for a pull request, or summaries (default: %(default)s)')
    parser.add_argument('--force', action='store_true', help='replace an earlier report')


def run(args: argparse.Namespace) -> None:
    """Gathers and writes."""
    from ..report.run import PARTS, gather
    from ..report.writing import check_output, default_output, write_report
    path = args.output or default_output(args.folder, args.format)
    check_output(path, args.format, args.force)
    bar = StageBar((*PARTS, 'write'))
    try:
        found = gather(args.folder, bar)
        bar('write')
        write_report(found, path, args.format)
    finally:
        bar.close()
    size = '' if os.path.isdir(path) else ': %s bytes' % f'{os.path.getsize(path):,}'
    print('%s%s' % (path, size))
    for part in found.missing:
        print('left out: %s%s; made by: %s' % (part.part, ' (%s)' % part.reason if part.reason else '', part.command))
