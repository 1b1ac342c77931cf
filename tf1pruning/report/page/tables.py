"""Tables of a run: the same rows for the page, for Markdown and as CSV."""

import csv
import io
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple

from . import numbers

_FORMULA = ('=', '+', '-', '@', '\t', '\r')
"""With these in front, a spreadsheet would compute what is only a name."""


class Column(NamedTuple):
    """A column.

    Attributes:
        key: of its values.
        title: above it.
        kind: see `numbers.show`.
        bar: keys of two numbers that are drawn beside the value, before and after; nothing draws none.
        shown: whether pages show it; files have every column.
    """

    key: str
    title: str
    kind: str = 'text'
    bar: Tuple[str, ...] = ()
    shown: bool = True

    @property
    def numeric(self) -> bool:
        """Whether its values are aligned to the right and sorted as numbers."""
        return self.kind in numbers.NUMERIC


class Table(NamedTuple):
    """A table.

    Attributes:
        name: of its file, and of its place on the page.
        caption: what it shows.
        columns: from left to right.
        rows: values by key; None is a value that nobody knows.
        scope: what all names of the first column begin with; pages say it once.
    """

    name: str
    caption: str
    columns: Tuple[Column, ...]
    rows: Tuple[Mapping[str, Any], ...]
    scope: str = ''

    def largest(self, column: Column) -> float:
        """Returns the longest bar of a column."""
        return max((abs(row[key]) for row in self.rows for key in column.bar if row.get(key)), default=1.0)

    def brief(self, name: str) -> str:
        """Returns a name without the scope of all."""
        return name[len(self.scope):] if self.scope and name.startswith(self.scope) else name

    @property
    def visible(self) -> Tuple[Column, ...]:
        """The columns that pages show."""
        return tuple(column for column in self.columns if column.shown)

    def filled(self) -> 'Table':
        """Returns the table without columns that have no value."""
        return self._replace(columns=tuple(
            column for column in self.columns if any(row.get(column.key) not in (None, '') for row in self.rows)))


def to_csv(table: Table) -> str:
    """Writes a table as comma-separated values, numbers as they are."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow([column.key for column in table.columns])
    writer.writerows([_plain(row.get(column.key)) for column in table.columns] for row in table.rows)
    return stream.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2 ** 53 else '%.9g' % value
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def to_markdown(table: Table, most: Optional[int] = None) -> str:
    """Writes a table for GitHub, its numbers to the right.

    Args:
        table: the table.
        most: so many rows at most; the rest is counted.
    """
    def line(cells: List[str]) -> str:
        return '| ' + ' | '.join(cells) + ' |'

    lines = [line([escaped(column.title) for column in table.visible]),
             line(['---:' if column.numeric else '---' for column in table.visible])]
    lines += [line([escaped(numbers.show(column.kind, row.get(column.key))) for column in table.visible])
              for row in table.rows[:most]]
    if most is not None and len(table.rows) > most:
        lines.append('\nand %d more' % (len(table.rows) - most))
    return '\n'.join(lines)


def escaped(text: str) -> str:
    """Returns a text that Markdown shows as it is."""
    kept = ' '.join(text.split()).replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
    for sign in '\\|`*_[]#~@':
        kept = kept.replace(sign, '\\' + sign if sign != '@' else '@&#8203;')
    return kept
