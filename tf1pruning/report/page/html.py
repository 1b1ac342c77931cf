"""The page: one HTML file without any request to a network, readable without scripts, too."""

import base64
import hashlib
import json
import os
from typing import Any, Dict, List, NamedTuple

from ... import __version__
from ...extras import need
from ..run.counts import LABELS
from ..run.gathered import Run
from . import numbers
from .charts import accuracy_figure, score_figure, sensitivity_figure
from .contents import kind_of, other_sizes, tables, verdict
from .heat_maps import heat_maps
from .network import network_pictures
from .tables import Table, to_csv

_TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'templates')
_TOP_LAYERS = 8
_LESS_IS_BETTER = ('macs', 'parameters', 'bytes', 'weight_bytes', 'pb_bytes', 'latency_ms', 'batch_ms')


class Download(NamedTuple):
    """A file in the page."""

    name: str
    title: str
    uri: str
    bytes: int


def render_page(run: Run) -> str:
    """Makes the page of a run.

    Raises:
        OptionError: Jinja2 is not installed.
    """
    jinja2 = need('jinja2', 'report', 'tf1pruning report')
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True,
                                     lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    environment.filters['show'] = lambda value, kind: numbers.show(kind, value)
    style, script = (_own(jinja2, environment.get_template(name).render()) for name in ('style.css', 'behaviour.js'))
    found = tables(run)
    return str(environment.get_template('page.html').render(
        run=run, title=os.path.basename(os.path.abspath(run.folder)), version=__version__, verdict=verdict(run),
        style=style, script=script, hashes={'style': digest(style), 'script': digest(script)},
        cards=_cards(run), sizes=other_sizes(run), tables=found, savings=_savings(run),
        figures=accuracy_figure(run), scores=score_figure(run) + sensitivity_figure(run),
        pictures=network_pictures(run.layers), heat_maps=heat_maps(run.kernels), downloads=_downloads(found)))


def digest(text: str) -> str:
    """Returns what a content security policy names an inline style or script by."""
    return 'sha256-' + base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')


def _own(jinja2: Any, text: str) -> Any:
    """Marks a file of this package as safe; nothing from a run is in it."""
    return jinja2.utils.markupsafe.Markup(text)


def _cards(run: Run) -> List[Dict[str, Any]]:
    """Lists the numbers at the head of the page."""
    cards = []
    for each in run.counts:
        if each.name == 'weight_bytes':  # nearly those of the files
            continue
        kind = kind_of(each)
        form = 'short' if kind == 'count' else kind
        better = None
        if each.before is not None and each.before != each.after:
            better = (each.after < each.before) == (each.name in _LESS_IS_BETTER)
        words = numbers.show('change', numbers.change(each.before, each.after))
        if each.name == 'accuracy' and each.before is not None:
            words = numbers.show('points', each.after - each.before)
        cards.append({'name': LABELS[each.name], 'after': numbers.show(form, each.after),
                      'before': numbers.show(form, each.before), 'change': words,
                      'left': each.after if each.name == 'accuracy' else each.left,
                      'tone': '' if better is None or each.name == 'channels' else 'good' if better else 'bad',
                      'exact': '%s → %s' % tuple(numbers.show('count' if kind == 'bytes' else kind, value)
                                                 for value in (each.before, each.after))})
    return cards


def _savings(run: Run) -> List[Dict[str, Any]]:
    """Lists the layers that save most, with the part of all that is saved."""
    saved = [(layer.macs[0] - layer.macs[1], layer) for layer in run.layers if layer.macs[1] is not None]
    total = sum(amount for amount, _ in saved)
    first = sorted(saved, key=lambda each: -each[0])[:_TOP_LAYERS]
    return [{'name': layer.name, 'saved': amount, 'part': amount / total, 'before': layer.macs[0],
             'after': layer.macs[1]} for amount, layer in first if amount > 0]


def _downloads(found: Dict[str, Table]) -> List[Download]:
    """Puts every table into the page as CSV, and all of them as JSON."""
    whole = {name: list(table.rows) for name, table in found.items()}
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    files = [_download('report.json', 'Everything', 'application/json', text)]
    return files + [_download(name + '.csv', table.caption, 'text/csv', to_csv(table))
                    for name, table in found.items()]


def _download(name: str, title: str, kind: str, text: str) -> Download:
    content = text.encode('utf-8')
    return Download(name, title, 'data:%s;charset=utf-8;base64,%s' % (kind, base64.b64encode(content).decode('ascii')),
                    len(content))
