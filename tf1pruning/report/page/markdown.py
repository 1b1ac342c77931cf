"""The result as a table for a pull request."""

import os
from typing import List

from ..run.counts import LABELS
from ..run.gathered import Run
from . import numbers
from .contents import kind_of, tables, verdict
from .tables import escaped, to_markdown

_MOST = 30
"""Layers and refusals shown."""


def render_markdown(run: Run) -> str:
    """Makes a page of GitHub's Markdown."""
    found = tables(run)
    parts = ['### Pruning report: %s' % escaped(os.path.basename(os.path.abspath(run.folder)))]
    if verdict(run):
        parts.append(escaped(' '.join(verdict(run))))
    if run.note:
        parts.append(escaped('Note: ' + run.note))
    if run.counts:
        parts.append('\n'.join(_counts(run)))
    for name in ('exactness', 'exported', 'timings', 'history'):
        if name in found:
            parts += ['#### ' + escaped(found[name].caption), to_markdown(found[name])]
    if run.certificate is not None and run.certificate.statement:
        parts.append(escaped(run.certificate.statement))
    for name in ('groups', 'refused'):
        if name in found:
            parts.append('<details><summary>%s</summary>\n\n%s\n\n</details>' % (
                escaped(found[name].caption), to_markdown(found[name], _MOST)))
    for missing in run.missing:
        parts.append('%s not in the folder%s; made by `%s`.' % (
            escaped(missing.part), escaped(' (%s)' % missing.reason if missing.reason else ''), missing.command))
    return '\n\n'.join(parts) + '\n'


def _counts(run: Run) -> List[str]:
    """Writes before and after, each in its unit."""
    lines = ['| | Before | After | Change |', '| --- | ---: | ---: | ---: |']
    for each in run.counts:
        kind = kind_of(each)
        kind = 'count' if kind == 'bytes' else kind
        words = numbers.show('change', numbers.change(each.before, each.after))
        if each.name == 'accuracy' and each.before is not None:
            words = numbers.show('points', each.after - each.before)
        lines.append('| %s | %s | %s | %s |' % (
            LABELS[each.name] + (', bytes' if 'bytes' in each.name else ''), numbers.show(kind, each.before),
            numbers.show(kind, each.after), words))
    return lines
