"""Damaged files of every kind: each ends in success or in one line, and what does not is found and kept."""

import json
import os
import random
from typing import Any

import pytest

from tests.fuzz.campaign import Campaign
from tests.fuzz.cases import TARGETS, make_case, run_case
from tests.fuzz.seeds import make_seeds
from tf1pruning.model.table import read_table

CASES, SEED = 300, 20


@pytest.fixture(scope='module')
def campaign(tmp_path_factory: Any) -> str:
    """A folder with sound input."""
    folder = str(tmp_path_factory.mktemp('fuzz'))
    make_seeds(os.path.join(folder, 'seeds'))
    return folder


def test_damaged_files(campaign: str) -> None:
    """More of them: `python -m tests.fuzz --cases 10000`."""
    run = Campaign(campaign, SEED)
    run.run(CASES)
    assert run.done == CASES
    assert [(each['case'], each['ended'], each['text']) for each in run.findings] == []
    assert run.endings['refused'] > CASES // 4
    assert run.endings['done'] > CASES // 10


@pytest.mark.parametrize('target', TARGETS, ids=lambda target: target.folder + '-' + target.file.split('/')[-1])
def test_what_is_not_damaged_is_not_refused(campaign: str, tmp_path: Any, monkeypatch: Any, target: Any) -> None:
    """Without this, all could be refused for another reason."""
    seeds = os.path.join(campaign, 'seeds')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr('tests.fuzz.cases.TARGETS', [target._replace(mutations=[lambda content, chance: content])])
    words = make_case(0, 0, seeds)
    assert run_case(words) == 'done', words


@pytest.mark.parametrize('target', TARGETS, ids=lambda target: target.folder + '-' + target.file.split('/')[-1])
def test_mutations_change_something_and_can_be_repeated(campaign: str, target: Any) -> None:
    with open(os.path.join(campaign, 'seeds', target.folder, target.file), 'rb') as stream:
        content = stream.read()
    for mutation in target.mutations:
        results = [mutation(content, random.Random(seed)) for seed in range(20)]
        assert sum(each != content for each in results) > 10
        assert results == [mutation(content, random.Random(seed)) for seed in range(20)]


def test_tables_keep_their_checksums(campaign: str) -> None:
    """So that what they say is read."""
    from tests.fuzz.tables import damaged_table
    with open(os.path.join(campaign, 'seeds', 'net', 'model.ckpt.index'), 'rb') as stream:
        content = stream.read()
    changed = [dict(read_table(damaged_table(content, random.Random(seed)))) for seed in range(30)]
    assert sum(each != dict(read_table(content)) for each in changed) > 15


def test_every_bad_end_is_found(tmp_path: Any, monkeypatch: Any) -> None:
    """An error that comes out, an abort, a hang, too much memory, a promise not kept, an exit; the input is kept."""
    monkeypatch.setattr('tests.fuzz.worker.SECONDS', 1)
    run = Campaign(str(tmp_path), 0, 'tests.fuzz.planted:case')
    run.run(4)
    again = Campaign(str(tmp_path), 0, 'tests.fuzz.planted:case')
    assert again.done == 4
    again.run(9)
    endings = {each['case']: each['ended'] for each in again.findings}
    assert sorted(endings) == [1, 2, 3, 4, 5, 6]
    for number, part in {1: 'PruningError', 2: 'SIGABRT', 3: 'TooSlowError', 4: 'MemoryError', 5: 'not one line',
                         6: 'exit code 3'}.items():
        assert part in endings[number]
        assert (tmp_path / 'findings' / str(number) / 'input').read_text() == 'case %d' % number
    assert (again.endings['done'], again.endings['refused'], again.repeated) == (2, 1, 1)
    with open(str(tmp_path / 'campaign.json')) as stream:
        assert json.load(stream)['done'] == 9
    with pytest.raises(SystemExit, match='of seed 0'):
        Campaign(str(tmp_path), 1)
