"""Reports of experiments: one for each, and a comparison."""

from typing import Any, Iterable, List, Mapping, Sequence

from .tasks import BASELINE, FAMILIES

Record = Mapping[str, Any]
_SAME_TIME = 0.05
"""Times within this part of each other count as the same: another run would differ by as much."""
_SHOWN = 3
"""So many that dominate an experiment are named."""


def metrics_text(record: Record) -> str:
    """Returns the report of one experiment."""
    rows = [('accuracy', _percent(record['accuracy'])),
            ('mean precision', _percent(record['precision'])),
            ('mean sensitivity (recall)', _percent(record['sensitivity'])),
            ('G-mean of the sensitivities', _percent(record['g_mean'])),
            ('top-5 accuracy', _percent(record['top_5'])),
            ('mean inference time, first call left out', '%.3f ms' % record['milliseconds']),
            ('median inference time', '%.3f ms' % record['median']),
            ('size of the file', '%s bytes' % f"{record['bytes']:,}"),
            ('size in a zip archive', '%s bytes' % f"{record['deflated']:,}"),
            ('deflation', _percent(record['deflation']))]
    return '# %s\n\n`%s` on %s test images, one at a time, on one thread.\n\n%s' % (
        record['task'], record['file'], f"{record['images']:,}", _table(['', ''], rows))


def summary_text(records: Sequence[Record], title: str) -> str:
    """Returns the comparison of all experiments that were run, the network as it is first."""
    base = next(record for record in records if record['task'] == BASELINE)
    rows = [_row(record, base, dominating(record, records)) for record in records]
    header = ['experiment', 'bytes', 'smaller', 'zipped', 'smaller', 'accuracy', 'change', 'precision', 'sensitivity',
              'G-mean', 'top-5', 'mean ms', 'median ms', 'dominated by']
    return '\n'.join([
        '# %s' % title, '', '%s test images. *smaller* is relative to the float32 file, as it is and zipped. '
        'Times are for an image on one thread, %d for each file, all files in turn, the first call left out.' % (
            f"{base['images']:,}", base['runs']), '', _table(header, rows), '## Which dominate', '',
        _dominance(records), '', '## What deflation gains', '', *(_deflation(records)), ''])


def dominating(record: Record, records: Sequence[Record]) -> List[str]:
    """Returns the experiments that are at least as good in zipped size, accuracy and median time, and better in one."""
    return [other['task'] for other in records if other is not record and _dominates(other, record)]


def _dominates(one: Record, other: Record) -> bool:
    slack = 1 + _SAME_TIME
    as_good = (one['deflated'] <= other['deflated'] and one['accuracy'] >= other['accuracy']
               and one['median'] <= slack * other['median'])
    better = (one['deflated'] < other['deflated'] or one['accuracy'] > other['accuracy']
              or slack * one['median'] < other['median'])
    return bool(as_good and better)


def _row(record: Record, base: Record, dominated: Sequence[str]) -> List[str]:
    return [record['task'], f"{record['bytes']:,}", '%.2f×' % (base['bytes'] / record['bytes']),
            f"{record['deflated']:,}", '%.2f×' % (base['deflated'] / record['deflated']), _percent(record['accuracy']),
            '%+.2f' % (100 * (record['accuracy'] - base['accuracy'])),
            *(_percent(record[name]) for name in ('precision', 'sensitivity', 'g_mean', 'top_5')),
            '%.3f' % record['milliseconds'], '%.3f' % record['median'], _some(dominated)]


def _some(names: Sequence[str]) -> str:
    more = ' and %d more' % (len(names) - _SHOWN) if len(names) > _SHOWN else ''
    return (', '.join(names[:_SHOWN]) + more) or '–'


def _dominance(records: Sequence[Record]) -> str:
    best = [record['task'] for record in records if not dominating(record, records)]
    families = [family for family in (BASELINE, *FAMILIES) if any(
        record['family'] == family and record['task'] in best for record in records)]
    return ('One experiment dominates another if its zipped file is not larger, its accuracy not lower and its time '
            'not longer (its median, within %d %%), and one of them is better. Nothing dominates %s. Families among '
            'them: %s.' % (100 * _SAME_TIME, ', '.join(best), ', '.join(families)))


def _deflation(records: Sequence[Record]) -> List[str]:
    """Says for every family what deflation takes away, and what is left of its advantage without."""
    base = next(record for record in records if record['task'] == BASELINE)
    lines = ['- float32: deflation takes %s of the file away.' % _percent(base['deflation'])]
    for family in FAMILIES:
        some = [record for record in records if record['family'] == family]
        if not some:
            continue
        parts = ', '.join('%s %s' % (record['task'], _percent(record['deflation'])) for record in some)
        plain, zipped = (max(base[size] / record[size] for record in some) for size in ('bytes', 'deflated'))
        lines.append('- %s: %s. The smallest file is %.2f× smaller than float32 as it is, %.2f× when both are zipped.'
                     % (family, parts, plain, zipped))
    return lines


def _percent(part: float) -> str:
    return '%.2f %%' % (100 * part)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ['---'] * len(header), *rows]
    return ''.join('| %s |\n' % ' | '.join(line) for line in lines)


def ordered(records: Iterable[Record]) -> List[Record]:
    """Returns records family by family, the largest zipped file of each first."""
    families = (BASELINE, *FAMILIES)
    return sorted(records, key=lambda record: (families.index(record['family']), -record['deflated']))
