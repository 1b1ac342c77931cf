"""Writes the tables of `docs/results.md` from the file that `benchmarks.deep_compression` has left.

    python -m benchmarks.deep_compression.table [--markdown docs/results.md]

What stands between the markers of the page is replaced.
"""

import argparse
import re
from typing import Any, List, Mapping, Sequence

import numpy as np

from tf1pruning.files import write_text

from .recipes import RECIPES, Recipe
from .results import rows

BEGIN, END = '<!-- deep compression: made by benchmarks.deep_compression.table -->', '<!-- end of deep compression -->'
COMMAND = '    python -m benchmarks.deep_compression --data DIR --output DIR'
HEADER = ['| network | seed | taught by | dense | pruned | shared | unpacked | density | parameters | bytes | '
          'times smaller |',
          '|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|']
STAGES = ('dense', 'pruned', 'shared', 'unpacked')


def tables(found: Sequence[Mapping[str, Any]]) -> str:
    """Returns a table of all runs, what became of the aims, and where the bytes of each first run went."""
    lines = [COMMAND, '', *HEADER]
    verdicts: List[str] = []
    accounts: List[str] = []
    for name, recipe in RECIPES.items():
        own = sorted((row for row in found if row['network'] == name), key=lambda row: row['seed'])
        if own:
            lines += [line(row) for row in own] + [mean_line(own)]
            verdicts.append(verdict(name, recipe, own))
            accounts += ['', *account(own[0])]
    versions = ', '.join(sorted({row['tensorflow'] for row in found}))
    return '\n'.join([*lines, '', 'Test errors in percent, TensorFlow %s.' % versions, '', *verdicts, *accounts])


def line(row: Mapping[str, Any]) -> str:
    """Returns the line of a run."""
    return '| %s | %d | %s | %s | %.2f %% | %s | %s | %.1f |' % (
        row['network'], row['seed'], ', '.join(map(str, row['teachers'])),
        ' | '.join('%.2f' % row['errors'][stage] for stage in STAGES),
        100 * row['density'], f"{row['parameters']:,}", f"{row['bytes']:,}", _ratio(row))


def mean_line(own: Sequence[Mapping[str, Any]]) -> str:
    """Returns the line of the means."""
    errors = ['**%.2f**' % _mean(own, stage) for stage in STAGES]
    return '| %s | mean | | %s | | | %s | **%.1f** |' % (
        own[0]['network'], ' | '.join(errors), f"{int(np.mean([row['bytes'] for row in own])):,}",
        np.mean([_ratio(row) for row in own]))


def verdict(name: str, recipe: Recipe, own: Sequence[Mapping[str, Any]]) -> str:
    """Says which aims were reached."""
    dense, error = _mean(own, 'dense'), _mean(own, 'unpacked')
    smaller = np.mean([_ratio(row) for row in own])
    kept = error <= min(dense, recipe.largest_error) + 1e-9
    words = ['- %s:' % name, 'error %.2f %% against %.2f %% dense (aim: not above it, and at most %.2f %%; %s);' % (
        error, dense, recipe.largest_error, _reached(kept))]
    for who, times in (('Deep Compression', recipe.paper), ('Soft Weight-Sharing', recipe.record)):
        reached = _reached(smaller >= times) if kept else 'not at an error that counts'
        words.append('%.1f × against %d × of %s (%s),' % (smaller, times, who, reached))
    return ' '.join(words).rstrip(',') + '.'


def account(row: Mapping[str, Any]) -> List[str]:
    """Returns where the bytes of a run went."""
    lines = ['Where the bytes of %s, seed %d, went:' % (row['network'], row['seed']), '',
             '| tensor | values | indices | codebook | tables | total |', '|---|---:|---:|---:|---:|---:|']
    for tensor in row['tensors']:
        lines.append('| %s | %s |' % (tensor['name'], ' | '.join(
            f'{tensor[kind]:,}' for kind in ('values', 'indices', 'codebook', 'tables', 'total'))))
    return [*lines, *('| %s | | | | | %d |' % (text, row[name])
                      for name, text in (('graph', 'graph and list of tensors'), ('frame', 'frame')))]


def _reached(fact: bool) -> str:
    return 'reached' if fact else 'missed'


def _mean(own: Sequence[Mapping[str, Any]], stage: str) -> float:
    return float(np.mean([row['errors'][stage] for row in own]))


def _ratio(row: Mapping[str, Any]) -> float:
    return float(4 * row['parameters'] / row['bytes'])


def main() -> None:
    """Prints the tables, or puts them into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--markdown', metavar='FILE', help='the page to change')
    arguments = parser.parse_args()
    text = tables(rows())
    if not arguments.markdown:
        print(text)
        return
    with open(arguments.markdown, encoding='utf-8') as stream:
        page = stream.read()
    pattern = re.escape(BEGIN) + '.*' + re.escape(END)
    write_text(arguments.markdown, re.sub(pattern, lambda _: '%s\n\n%s\n\n%s' % (BEGIN, text, END), page,
                                          flags=re.DOTALL))


if __name__ == '__main__':
    main()
