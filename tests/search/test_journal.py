"""The memory of a long run."""

from typing import Any, Dict, List

import pytest

from tf1pruning.errors import OptionError, OutputError
from tf1pruning.search.journal import Journal


def _run(path: str, done: List[str], stop_at: int = 99) -> Dict[str, Any]:
    """Three stages, of which the later ones depend on the earlier; `stop_at` of them are all that is done."""
    journal = Journal(path, {'seed': 3})

    def stage(name: str, value: int) -> Dict[str, int]:
        if len(done) >= stop_at:
            raise KeyboardInterrupt
        done.append(name)
        return {'value': value}
    first = journal.once('first', lambda: stage('first', 1))
    second = journal.once('second', lambda: stage('second', first['value'] + 1))
    return journal.once('third', lambda: stage('third', second['value'] * 10))


@pytest.mark.parametrize('stop_at', [0, 1, 2])
def test_a_run_goes_on_behind_what_is_finished(tmp_path: Any, stop_at: int) -> None:
    """Interrupted anywhere, each stage is done once in all, and the result is that of one run."""
    done: List[str] = []
    path = str(tmp_path / 'loop.json')
    with pytest.raises(KeyboardInterrupt):
        _run(path, done, stop_at)
    assert _run(path, done)['value'] == 20
    assert done == ['first', 'second', 'third']


def test_other_settings_are_refused(tmp_path: Any) -> None:
    """What was done with them would be taken for what is asked now."""
    path = str(tmp_path / 'loop.json')
    Journal(path, {'seed': 3, 'steps': [1]}).once('first', dict)
    Journal(path, {'seed': 3, 'steps': (1,)})
    with pytest.raises(OptionError, match='with seed 3, not 4'):
        Journal(path, {'seed': 4, 'steps': [1]})
    with pytest.raises(OptionError, match='with floor null, not 0.9'):
        Journal(path, {'seed': 3, 'steps': [1], 'floor': 0.9})
    with pytest.raises(OptionError, match='with floor null, not 0:'):  # A floor of zero is one.
        Journal(path, {'seed': 3, 'steps': [1], 'floor': 0})
    nested = str(tmp_path / 'nested.json')
    Journal(nested, {'train': {'steps': 3, 'rate': 0.1}}).once('first', dict)
    with pytest.raises(OptionError, match=r'with train\.steps 3, not 4: give the same'):
        Journal(nested, {'train': {'steps': 4, 'rate': 0.1}})


@pytest.mark.parametrize('content', [
    '', '{"tf1pruning_loop": 1', '[]', '{"tf1pruning_loop": 99, "settings": {}, "finished": {}}'])
def test_a_damaged_journal_is_refused(tmp_path: Any, content: str) -> None:
    path = tmp_path / 'loop.json'
    path.write_text(content)
    with pytest.raises(OutputError, match='choose another folder'):
        Journal(str(path), {})


def test_a_journal_that_was_changed(tmp_path: Any) -> None:
    """A loop that went on by other numbers would take another way, or fail anywhere."""
    path = tmp_path / 'loop.json'
    Journal(str(path), {'seed': 3}).once('first', lambda: {'accuracy': 0.5})
    assert Journal(str(path), {'seed': 3}).finished('first')
    path.write_text(path.read_text().replace('0.5', '0.6'))
    with pytest.raises(OutputError, match='it was changed'):
        Journal(str(path), {'seed': 3})
