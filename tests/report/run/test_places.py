"""Where the parts of a run are looked for."""

from typing import Any

import pytest

from tf1pruning.errors import ModelError
from tf1pruning.report.run.places import Places


def test_the_result_comes_before_attempts_and_others(tmp_path: Any) -> None:
    for folder in ('00_threshold_0.5', 'a_soft', 'stripped/Stripped_Dir'):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / 'plan.json').write_text('"%s"' % folder)
    places = Places(str(tmp_path))
    assert places.json('plan.json') == 'stripped/Stripped_Dir'
    (tmp_path / 'stripped/Stripped_Dir/plan.json').unlink()
    assert places.json('plan.json') == 'a_soft'
    (tmp_path / 'a_soft/plan.json').unlink()
    assert places.json('plan.json') is None
    assert [path[-16:] for path in places.attempts()] == ['00_threshold_0.5']


def test_records_lead_nowhere_else(tmp_path: Any) -> None:
    """Neither by `..` nor by a link nor from the root."""
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'link').symlink_to(tmp_path)
    places = Places(str(tmp_path / 'run'))
    assert places.inside('a/b') == str(tmp_path / 'run' / 'a/b')
    for path in ('../a', '/etc/passwd', 'link/a', 'a/../../b', '', 'a\0b'):
        assert places.inside(path) == ''


def test_no_folder(tmp_path: Any) -> None:
    with pytest.raises(ModelError, match='no folder'):
        Places(str(tmp_path / 'none'))
