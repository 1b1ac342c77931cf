"""Mistakes in YAML files are told with their lines."""

import dataclasses
from typing import Any, Dict, Optional, Tuple

import pytest

from tf1pruning.errors import OptionError
from tf1pruning.typed_yaml import load


@dataclasses.dataclass(frozen=True)
class Inner:
    size: int = 1


@dataclasses.dataclass(frozen=True)
class Outer:
    name: str
    inner: Tuple[Inner, ...] = ()
    free: Dict[str, Optional[float]] = dataclasses.field(default_factory=dict)


def _load(folder: Any, text: str) -> Outer:
    (folder / 'a.yaml').write_text(text)
    return load(Outer, str(folder / 'a.yaml'))


def test_free_names(tmp_path: Any) -> None:
    found = _load(tmp_path, 'name: x\ninner: [{size: 3}, {}]\nfree: {a: 1, b/c:0: null}\n')
    assert found == Outer('x', (Inner(3), Inner()), {'a': 1.0, 'b/c:0': None})


@pytest.mark.parametrize(('text', 'message'), [
    ('name: x\nsize: 3\n', r"a.yaml: unknown key 'size' \(line 2\)"),
    ('name: x\ninner:\n- size: 3\n- sise: 4\n', r"inner\[1\]: unknown key 'sise'; closest: size \(line 4\)"),
    ('name: x\ninner:\n- size: 3\n\n- size: big\n', r"inner\[1\]: size: expected int, found 'big' \(line 5\)"),
    ('name: x\nfree:\n  a: 1\n  b: c\n', r"free: b: expected float, found 'c' \(line 4\)"),
    ('name: x\nfree: [1]\n', r'free: expected names with values, found \[1\] \(line 2\)'),
    ('\n\ninner: []\n', r"missing key 'name' \(line 3\)"),
    ('name: x\nname: y\n', "key 'name' is there twice.*line 2"),
    ('name: &a x\ninner: *a\n', r'aliases \(\*name\) are not read.*line 2'),
    ('name: !!python/object/apply:os.system [ls]\n', 'is not YAML: could not determine a constructor'),
    ('[' * 2000, 'is not YAML'),
    ('name: [\n', 'is not YAML'),
    ('name: 2020-13-45\n', 'is not YAML: month must be in'),
    ('name: !!bool maybe\n', 'is not YAML'),
    ('name: !!timestamp soon\n', 'is not YAML'),
    ('', r'expected keys \(name, inner, free\), found None \(line 1\)'),
    ('? [1, 2]\n: 3\n', 'is not YAML'),
])
def test_mistakes(tmp_path: Any, text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message) as raised:
        _load(tmp_path, text)
    assert '\n' not in str(raised.value)
