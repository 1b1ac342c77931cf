"""The page as a text: nothing that a run holds is markup, and everything is there."""

import base64
import json
import re
import sys
from typing import Any

import pytest

from tests.report import runs
from tf1pruning.errors import OptionError
from tf1pruning.report.page.html import digest, render_page
from tf1pruning.report.run import gather


@pytest.fixture(scope='module')
def page(looped: str) -> str:
    return render_page(gather(looped))


def test_names_are_never_markup(page: str) -> None:
    """Escaped in texts and in attributes; the only script is our own, and the policy names it."""
    assert runs.EVIL not in page
    assert page.count('&lt;script&gt;alert(&#34;x&#34;)&lt;/') >= 4
    assert page.count('<script') == 1
    script = re.search(r'<script>(.*?)</script>', page, re.DOTALL)
    assert script
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert "default-src 'none'" in policy.group(1)
    assert "'unsafe" not in policy.group(1)
    assert "script-src '%s'" % digest(script.group(1)) in policy.group(1).replace('&#39;', "'")


def test_nothing_comes_from_elsewhere(page: str) -> None:
    links = re.findall(r'(?:href|src|action)="([^"]*)"', page)
    assert all(link.startswith(('#', 'data:')) for link in links)
    assert not re.search(r'url\(|@import|http://|https://', page)


def test_sections_for_what_is_there(page: str, pruned: str) -> None:
    def sections(text: str) -> Any:
        return re.findall(r'<section class="panel [a-z]+" id="([a-z]+)"', text)
    assert sections(page) == ['overview', 'layers', 'network', 'filters', 'steps', 'refused', 'files', 'speed',
                              'downloads']
    bare = render_page(gather(pruned))
    assert sections(bare) == ['overview', 'layers', 'network', 'filters', 'steps', 'refused', 'downloads']
    assert '<code>tf1pruning benchmark' in bare
    assert '<code>tf1pruning benchmark' not in page


def test_downloads_hold_what_the_tables_show(page: str, looped: str) -> None:
    files = dict(re.findall(r'download="([^"]+)" href="data:[^"]*;base64,([^"]*)"', page))
    assert set(files) == {'report.json'} | {name + '.csv' for name in (
        'counts', 'exactness', 'groups', 'layers', 'history', 'kept', 'refused', 'exported', 'checksums', 'timings',
        'operations')}
    everything = json.loads(base64.b64decode(files['report.json']).decode('utf-8'))
    run = gather(looped)
    assert [row['name'] for row in everything['layers']] == [layer.name for layer in run.layers]
    timed = [row for row in everything['layers'] if row['ms_before']]
    assert [(row['name'], row['ms_before'], row['ms_after']) for row in timed] == [
        ('block_1/expand/Conv2D', 1.0, 0.25)]
    assert everything['history'][2]['step'] == runs.EVIL
    lines = base64.b64decode(files['checksums.csv']).decode('utf-8').splitlines()
    assert lines[1].startswith("'=SUM(1),read,3,abab")
    assert [line.split(',')[0] for line in lines[2:]] == ['model.pb', 'model.tflite', 'saved_model/0', 'saved_model/1']


def test_what_did_not_fall_is_said(page: str) -> None:
    assert re.search(r'<dt>operations</dt><dd class="bad">did not fall</dd>', page)
    assert re.search(r'<dt>bytes</dt><dd class="good">fell</dd>', page)


def test_without_jinja2(pruned: str, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, 'jinja2', None)
    with pytest.raises(OptionError, match=r"tf1pruning report needs jinja2 .*pip install 'tf1pruning\[report\]'"):
        render_page(gather(pruned))
