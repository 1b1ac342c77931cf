"""An interruption leaves the old or the new, never half, and nothing else."""

import os
import stat
from typing import Any, Callable, Iterator, List

import pytest

from tf1pruning.errors import OutputError
from tf1pruning.files import atomic_files, atomic_folder, write_bytes, write_text

ATOMIC = [atomic_folder, atomic_files]


def write(folder: Any, **files: str) -> None:
    """Writes files into a folder."""
    for name, text in files.items():
        with open(os.path.join(str(folder), name), 'w') as stream:
            stream.write(text)


def read(folder: Any) -> 'dict':
    """Reads all files of a folder."""
    return {name: open(os.path.join(str(folder), name)).read() for name in os.listdir(str(folder))}


@pytest.mark.parametrize('atomic', ATOMIC)
def test_a_new_folder(tmp_path: Any, atomic: Callable[..., Any]) -> None:
    """Parents are made; nothing temporary is left; others may read it as the umask says."""
    target = tmp_path / 'deep' / 'target'
    with atomic(str(target)) as temporary:
        write(temporary, a='1')
        assert not target.exists()
    assert read(target) == {'a': '1'}
    assert os.listdir(str(tmp_path / 'deep')) == ['target']
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(os.stat(str(target)).st_mode) == 0o777 & ~mask


def test_an_old_folder_is_replaced_as_a_whole(tmp_path: Any) -> None:
    """Files of the old one that the new one lacks are gone."""
    target = tmp_path / 'target'
    target.mkdir()
    write(target, a='old', b='old')
    with atomic_folder(str(target)) as temporary:
        write(temporary, a='new')
        assert read(target) == {'a': 'old', 'b': 'old'}
    assert read(target) == {'a': 'new'}
    assert os.listdir(str(tmp_path)) == ['target']


def test_other_files_of_a_folder_stay(tmp_path: Any) -> None:
    """Only the files that were written change."""
    target = tmp_path / 'target'
    target.mkdir()
    write(target, a='old', b='old')
    with atomic_files(str(target)) as temporary:
        write(temporary, a='new', c='new')
        assert read(target) == {'a': 'old', 'b': 'old'}
    assert read(target) == {'a': 'new', 'b': 'old', 'c': 'new'}
    assert os.listdir(str(tmp_path)) == ['target']


def write_and_raise(atomic: Callable[..., Any], target: Any, error: Any) -> None:
    """Writes into a folder that is being replaced, and fails."""
    with atomic(str(target)) as temporary:
        write(temporary, a='new', b='new')
        raise error


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize('atomic', ATOMIC)
def test_a_failure_inside_leaves_the_old(tmp_path: Any, atomic: Callable[..., Any], error: Any) -> None:
    """No new file, no temporary one; the error comes through."""
    target = tmp_path / 'target'
    target.mkdir()
    write(target, a='old')
    with pytest.raises(error):
        write_and_raise(atomic, target, error)
    assert read(target) == {'a': 'old'}
    assert os.listdir(str(tmp_path)) == ['target']


@pytest.mark.parametrize('atomic', ATOMIC)
def test_a_failure_inside_leaves_no_folder_where_none_was(tmp_path: Any, atomic: Callable[..., Any]) -> None:
    """Nor the parents that were made for it."""
    with pytest.raises(ValueError):  # noqa: PT011
        write_and_raise(atomic, tmp_path / 'deep' / 'target', ValueError)
    assert os.listdir(str(tmp_path)) == []


def test_a_checkpoint_that_moves_one_by_one_has_no_index_meanwhile(tmp_path: Any, monkeypatch: Any) -> None:
    """Interrupted in the middle, a folder that cannot change in one step has no index that fits other data."""
    target = tmp_path / 'target'
    (target / 'folder').mkdir(parents=True)
    write(target, **{'m.index': 'old', 'm.data': 'old', 'other': 'old'})
    moves: List[str] = []
    replace = os.replace

    def failing(source: str, goal: str) -> None:
        if len(moves) == 1:
            raise KeyboardInterrupt
        moves.append(goal)
        replace(source, goal)

    monkeypatch.setattr(os, 'replace', failing)
    with pytest.raises(KeyboardInterrupt), atomic_files(str(target)) as temporary:
        write(temporary, **{'m.index': 'new', 'm.data': 'new', 'm.meta': 'new'})
    assert 'm.index' not in os.listdir(str(target))
    assert os.listdir(str(tmp_path)) == ['target']


@pytest.fixture
def unwritable(tmp_path: Any) -> Iterator[str]:
    """A place that nobody can write: below a file."""
    (tmp_path / 'file').write_text('I am no folder')
    yield str(tmp_path / 'file' / 'target')
    assert (tmp_path / 'file').read_text() == 'I am no folder'


@pytest.mark.parametrize('atomic', ATOMIC)
def test_an_unwritable_place(unwritable: str, atomic: Callable[..., Any]) -> None:
    """OutputError, which is an OSError, before any work is done; the place is named."""
    with pytest.raises(OutputError, match='cannot write .*target') as caught, atomic(unwritable):
        pytest.fail('the block must not run')
    assert isinstance(caught.value, OSError)


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write anywhere')
def test_a_folder_without_permission(tmp_path: Any) -> None:
    """The system's reason is in the message."""
    os.chmod(str(tmp_path), 0o500)
    try:
        with pytest.raises(OutputError, match='ermission'):
            write_text(str(tmp_path / 'a'), 'text')
    finally:
        os.chmod(str(tmp_path), 0o700)


def test_single_files(tmp_path: Any, unwritable: str) -> None:
    """Made with their parents, replaced, nothing temporary left; a hard link keeps its old content."""
    path = tmp_path / 'deep' / 'a'
    write_text(str(path), 'old')
    os.link(str(path), str(tmp_path / 'link'))
    write_bytes(str(path), b'new')
    assert path.read_text() == 'new'
    assert (tmp_path / 'link').read_text() == 'old'
    assert os.listdir(str(tmp_path / 'deep')) == ['a']
    with pytest.raises(OutputError, match='cannot write'):
        write_text(unwritable, 'text')


def test_a_file_that_cannot_take_its_place_leaves_nothing(tmp_path: Any) -> None:
    """The target is a folder: the temporary file goes."""
    (tmp_path / 'target').mkdir()
    with pytest.raises(OutputError):
        write_text(str(tmp_path / 'target'), 'text')
    assert os.listdir(str(tmp_path)) == ['target']


def test_a_link_where_the_temporary_file_would_be(tmp_path: Any) -> None:
    """Names of temporary files cannot be guessed, and what is there is never opened: nobody's file is written over."""
    (tmp_path / 'precious').write_text('mine')
    (tmp_path / ('a.tmp-%d' % os.getpid())).symlink_to(tmp_path / 'precious')
    write_text(str(tmp_path / 'a'), 'text')
    assert (tmp_path / 'precious').read_text() == 'mine'
    assert (tmp_path / 'a').read_text() == 'text'


def test_a_target_that_is_a_link(tmp_path: Any) -> None:
    """A link to a file is replaced itself."""
    (tmp_path / 'precious').write_text('mine')
    (tmp_path / 'a').symlink_to(tmp_path / 'precious')
    write_text(str(tmp_path / 'a'), 'text')
    assert (tmp_path / 'precious').read_text() == 'mine'
    assert not (tmp_path / 'a').is_symlink()


def test_the_other_files_are_the_same_ones(tmp_path: Any, monkeypatch: Any) -> None:
    """They are linked into the new folder, not copied; a checkpoint in it changes in one step."""
    target = tmp_path / 'target'
    target.mkdir()
    write(target, **{'m.index': 'old', 'm.data': 'old', 'other': 'old'})
    (target / 'link').symlink_to('nowhere-else')
    (target / 'nowhere-else').write_text('there')
    number = os.stat(str(target / 'other')).st_ino
    monkeypatch.setattr(os, 'replace', None)
    with atomic_files(str(target)) as temporary:
        for name in ('m.index', 'm.data'):
            with open(os.path.join(temporary, name), 'w') as stream:
                stream.write('new')
    assert read(target) == {'m.index': 'new', 'm.data': 'new', 'other': 'old', 'link': 'there', 'nowhere-else': 'there'}
    assert os.stat(str(target / 'other')).st_ino == number
    assert (target / 'link').is_symlink()
    assert os.listdir(str(tmp_path)) == ['target']
