"""Files of levels and bits."""

from typing import Any

import pytest

from tf1pruning.errors import OptionError, OutputError
from tf1pruning.levels import load_bits, load_levels, save_bits, save_levels

LONG = 'very/' * 60 + 'kernel'


def test_what_is_written_is_read(tmp_path: Any) -> None:
    """To the last digit, in its order, whatever the names."""
    path = str(tmp_path / 'levels.yaml')
    levels = {'b/kernel': 0.1 + 0.2, 'a: b': 0.0, LONG: 1e-7, 'yes': 0.999999999, '1': 0.5}
    save_levels(levels, path)
    assert load_levels(path) == levels
    assert list(load_levels(path)) == list(levels)
    save_bits({'b/kernel': 4, LONG: 1}, path)
    assert load_bits(path) == {'b/kernel': 4, LONG: 1}


def test_a_file_may_have_both(tmp_path: Any) -> None:
    """Each is read by its key."""
    path = tmp_path / 'both.yaml'
    path.write_text('levels: {a: 0.5}\nbits:\n  a: 4\n  b: 2\n')
    assert load_levels(str(path)) == {'a': 0.5}
    assert load_bits(str(path)) == {'a': 4, 'b': 2}


@pytest.mark.parametrize(('text', 'message'), [
    ('levels: {a: 1.0}', r'levels: a: sparsity 1 is not in \[0, 1\) \(line 1\)'),
    ('levels: {a: -0.1}', r'sparsity -0.1 is not in'), ('levels: {a: .nan}', 'a: expected a finite number, found nan'),
    ('levels: {a: half}', "expected float, found 'half'"), ('levels: {}', "no weight tensor under 'levels'"),
    ('bits: {a: 4}', "no weight tensor under 'levels'"), ('level: {a: 0.5}', 'unknown key .*closest: levels'),
    ('[1, 2]', 'expected keys'), ('levels: {a: 0.5, a: 0.6}', 'there twice'), ('{', 'is not YAML'),
    ('levels: {1: 0.5}', 'expected names with values')])
def test_other_files_are_refused(tmp_path: Any, text: str, message: str) -> None:
    """In one line that names the file."""
    path = tmp_path / 'levels.yaml'
    path.write_text(text)
    with pytest.raises(OptionError, match='levels.yaml.*' + message):
        load_levels(str(path))


@pytest.mark.parametrize(('text', 'message'), [
    ('bits: {a: 0}', 'bits: a: 0 is not between 1 and 10'), ('bits: {a: 11}', '11 is not between 1 and 10'),
    ('bits: {a: 2.5}', 'expected int'), ('levels: {a: 0.5}', "no weight tensor under 'bits'")])
def test_bits_out_of_their_range(tmp_path: Any, text: str, message: str) -> None:
    """Whole numbers from 1 to 10: what `cluster` can do."""
    path = tmp_path / 'bits.yaml'
    path.write_text(text)
    with pytest.raises(OptionError, match=message):
        load_bits(str(path))


def test_nothing_wrong_is_written(tmp_path: Any) -> None:
    """Nor anywhere that cannot be written."""
    with pytest.raises(OptionError, match='levels: a: sparsity 1 is not in'):
        save_levels({'a': 1.0}, str(tmp_path / 'levels.yaml'))
    assert not list(tmp_path.iterdir())
    (tmp_path / 'file').write_text('')
    with pytest.raises(OutputError):
        save_bits({'a': 1}, str(tmp_path / 'file' / 'bits.yaml'))
    with pytest.raises(OptionError, match='cannot read'):
        load_levels(str(tmp_path / 'missing.yaml'))
