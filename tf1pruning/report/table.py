"""Plain text tables for the terminal."""

from typing import Any, List, Mapping, Sequence


def format_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Lays rows out in columns: texts to the left, numbers to the right."""
    texts = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[k]) for row in [list(header)] + texts) for k in range(len(header))]
    numeric = [all(isinstance(row[k], (int, float)) for row in rows) and bool(rows) for k in range(len(header))]
    lines = [_line(header, widths, numeric), '  '.join('-' * width for width in widths)]
    return '\n'.join(lines + [_line(row, widths, numeric) for row in texts])


def _line(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    cells = [text.rjust(width) if right else text.ljust(width) for text, width, right in zip(row, widths, numeric)]
    return '  '.join(cells).rstrip()


def _cell(value: Any) -> str:
    return f'{value:,}' if isinstance(value, int) else str(value)


def format_report(report: Mapping[str, Any]) -> str:
    """Shows the report of `prune` or `strip` as a table of before and after."""
    rows: List[Sequence[Any]] = []
    for name, what in (('parameters', 'parameters'), ('MACs', 'macs'), ('bytes of weights', 'weight_bytes'),
                       ('bytes of the files', 'bytes')):
        if what in report:
            before, after = report[what]['before'], report[what]['after']
            rows.append([name, f'{before:,}', f'{after:,}', '%+.1f %%' % (
                100.0 * (after - before) / before if before else 0.0)])
    text = format_table(['', 'before', 'after', 'change'], rows)
    for name, what in (('stripped vs soft-pruned', 'stripped_vs_soft_pruned'),
                       ('pb vs checkpoint', 'pb_vs_checkpoint')):
        if what in report:
            text += '\n%s: largest difference %.1e relative' % (name, report[what]['relative'])
    return text


def format_files(report: Mapping[str, Any]) -> str:
    """Shows how large files are, and in a zip archive, before and after."""
    lines = []
    for name, what in (('files', 'bytes'), ('files, zipped', 'zipped_bytes')):
        before, after = report[what]['before'], report[what]['after']
        lines.append('%-14s %13s → %s bytes (%+.1f %%)' % (name + ':', f'{before:,}', f'{after:,}',
                                                           100 * (after - before) / before))
    return '\n'.join(lines)
