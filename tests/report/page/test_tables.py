"""Tables as CSV and as Markdown."""

import csv
import io

from tf1pruning.report.page.tables import Column, Table, escaped, to_csv, to_markdown

TABLE = Table('layers', 'Layers', (
    Column('name', 'Name'), Column('macs', 'MACs', 'short', ('before', 'macs')), Column('same', 'Same', 'truth'),
    Column('more', 'More', 'count', shown=False), Column('none', 'None')), (
        {'name': 'net/a|b', 'macs': 1500000, 'before': 3000000, 'same': True, 'more': 7},
        {'name': '=HYPERLINK("x")', 'macs': 0.125, 'same': False, 'more': None},
        {'name': 'net/"c",\nd', 'macs': None}), 'net/')


def test_csv_holds_the_numbers_as_they_are() -> None:
    """With columns that pages leave out; a name that a spreadsheet would compute is made a text."""
    rows = list(csv.reader(io.StringIO(to_csv(TABLE.filled()))))
    assert rows == [['name', 'macs', 'same', 'more'], ['net/a|b', '1500000', '1', '7'],
                    ["'=HYPERLINK(\"x\")", '0.125', '0', ''], ['net/"c",\nd', '', '', '']]


def test_markdown() -> None:
    lines = to_markdown(TABLE.filled(), 2).splitlines()
    assert lines == ['| Name | MACs | Same |', '| --- | ---: | --- |', r'| net/a\|b | 1.50 M | yes |',
                     '| =HYPERLINK("x") | 0.125 | no |', '', 'and 1 more']


def test_nothing_in_a_name_is_markup() -> None:
    assert escaped('<img> [x](y) `z` *a* _b_ @team\nnew & old') == (
        r'&lt;img&gt; \[x\](y) \`z\` \*a\* \_b\_ @&#8203;team new &amp; old')


def test_bars_and_brief_names() -> None:
    assert TABLE.largest(TABLE.columns[1]) == 3000000
    assert TABLE.largest(TABLE.columns[0]) == 1.0
    assert TABLE.brief('net/a') == 'a'
    assert TABLE.brief('other/a') == 'other/a'
