"""Writes the tables of `docs/results.md` from the files that `benchmarks.accuracy.run` has left.

    python -m benchmarks.accuracy.table [--markdown docs/results.md]

What stands between the markers of the page is replaced.
"""

import argparse
import re
from typing import Any, Dict, Iterable, List, Mapping, Sequence

import numpy as np

from tf1pruning.files import write_text

from .case import CaseConfig, CutConfig, budgets_of, updates_of
from .methods import METHODS
from .run import Results, case_of, cases

BEGIN, END = '<!-- accuracy: made by benchmarks.accuracy.table -->', '<!-- end of accuracy -->'
TITLES = {'loop': 'the loop: zeros held, distillation, a last training after the strip',
          'uniform_l1': 'uniform L1 in one shot', 'random': 'random choice in one shot',
          'without_hooks': 'the plain loop, without hooks'}


def tables(found: Iterable[str]) -> str:
    """Returns the sections of all cases with results."""
    sections = []
    for name in found:
        case, rows = case_of(name), Results(name).rows
        if rows:
            sections.append(section(name, case, rows))
    return '\n\n'.join(sections)


def section(name: str, case: CaseConfig, rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns the section of a case."""
    baseline = [row for row in rows if row['method'] == 'baseline']
    versions = ', '.join(sorted({row['tensorflow'] for row in rows}))
    accuracy = ' '.join('%.2f %%' % (100 * row['accuracy']) for row in baseline)
    lines = [
        '### %s' % case.title, '', ('Baseline: %s. TensorFlow %s. %s' % (accuracy, versions, case.note)).rstrip(), '',
        *commands(name, case, rows), '',
        '| cut | method | accuracy | against the baseline | MACs | parameters | updates | seeds |',
        '|---|---|---:|---:|---:|---:|---:|---|']
    for cut in case.cuts:
        for _, methods in budgets_of(cut, rows):
            lines += [_line(cut, method, methods[method], baseline[0]['accuracy']) for method in TITLES
                      if method in methods]
    return '\n'.join(lines)


def commands(name: str, case: CaseConfig, rows: Sequence[Mapping[str, Any]]) -> List[str]:
    """Returns the commands that make the rows, one for each number of updates."""
    lines = []
    for updates in sorted({row['updates'] for row in rows if 'updates' in row}):
        own = [row for row in rows if row.get('updates') == updates]
        options = ['--data DIR', *(['--model CHECKPOINT'] if case.imported else []), '--output DIR',
                   '--seeds ' + ','.join(str(seed) for seed in sorted({row['seed'] for row in own}))]
        longer = updates - updates_of(case.loop_of(case.cuts[0], 0))
        if longer and case.loop.finetune is not None:
            options.append('--last-training %d' % (case.loop.finetune.steps + longer))
        methods = [method for method in METHODS if method in {row['method'] for row in own}]
        if len(methods) < len(METHODS):
            options.append('--methods ' + ','.join(methods))
        lines.append('    python -m benchmarks.accuracy.run %s %s' % (name, ' '.join(options)))
    return lines


def _line(cut: CutConfig, method: str, rows: Sequence[Mapping[str, Any]], baseline: float) -> str:
    accuracies = 100 * np.array([row['accuracy'] for row in rows])
    spread = ' ± %.2f' % accuracies.std(ddof=1) if len(rows) > 1 else ''
    change = accuracies.mean() - 100 * baseline
    verdict = ''
    if method == 'loop':
        verdict = ' (aim: %+.1f; %s)' % (-cut.largest_loss, 'reached' if change >= -cut.largest_loss else 'missed')
    last: Dict[str, Any] = dict(rows[-1])
    return '| %s | %s | %.2f%s | %+.2f%s | %s | %s | %d | %s |' % (
        cut.name, TITLES[method], accuracies.mean(), spread, change, verdict, _ratio(last['macs']),
        _ratio(last['parameters']), last['updates'], ', '.join(str(row['seed']) for row in rows))


def _ratio(counts: Mapping[str, int]) -> str:
    return '%.2f ×' % (counts['before'] / counts['after'])


def replaced(page: str, text: str) -> str:
    """Returns a page with what stands between the markers replaced."""
    pattern = re.escape(BEGIN) + '.*' + re.escape(END)
    return re.sub(pattern, lambda _: '%s\n\n%s\n\n%s' % (BEGIN, text, END), page, flags=re.DOTALL)


def main() -> None:
    """Prints the tables, or puts them into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--markdown', metavar='FILE', help='the page to change')
    arguments = parser.parse_args()
    names: List[str] = cases()
    if not arguments.markdown:
        print(tables(names))
        return
    with open(arguments.markdown, encoding='utf-8') as stream:
        page = stream.read()
    write_text(arguments.markdown, replaced(page, tables(names)))


if __name__ == '__main__':
    main()
