"""Writes a report where it belongs, and replaces nothing but an earlier one."""

import os

from ..errors import ModelError, OutputError
from ..files import atomic_folder, check_replaceable, write_text
from . import REPORTS
from .page.html import render_page
from .page.markdown import render_markdown
from .page.tensorboard import write_events
from .run import Run

_MARKS = {'html': ': pruning report</title>', 'md': '### Pruning report: '}
"""What tells an earlier report from anything else."""


def default_output(folder: str, form: str) -> str:
    """Returns where the report of a run goes.

    Raises:
        ModelError: there is no such folder.
    """
    if not os.path.isdir(folder):
        raise ModelError('no folder %s: give the output folder of a command, or of a pruning loop' % (folder or "''"))
    return os.path.join(folder, REPORTS[form])


def check_output(path: str, form: str, force: bool) -> None:
    """Checks that a report may be written.

    Args:
        path: the file, or the folder of summaries.
        form: a key of `REPORTS`.
        force: whether an earlier report is replaced.

    Raises:
        OutputError: something is there that must not be lost.
    """
    if form != 'tensorboard':
        check_replaceable(path, force, _MARKS[form])
        return
    if os.path.exists(path) and not os.path.isdir(path):
        raise OutputError('%s is a file: name a folder' % path)
    there = os.listdir(path) if os.path.isdir(path) else []
    foreign = [name for name in sorted(there) if not name.startswith('events.out.tfevents')]
    if foreign:
        raise OutputError('%s holds %r, which no report wrote: choose another folder' % (path, foreign[0]))
    if there and not force:
        raise OutputError('%s is not empty: choose another folder, or replace what is there with --force' % path)


def write_report(run: Run, path: str, form: str) -> None:
    """Writes the report of a run.

    Args:
        run: the run.
        path: the file, or the folder of summaries.
        form: a key of `REPORTS`.

    Raises:
        OptionError: a library is missing.
        OutputError: the place cannot be written.
    """
    if form == 'tensorboard':
        with atomic_folder(path) as folder:
            write_events(run, folder)
    else:
        write_text(path, render_page(run) if form == 'html' else render_markdown(run))
