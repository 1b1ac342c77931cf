"""Files of one number for each weight tensor: how sparse it becomes, or how many bits it is given.

`{levels: {conv1/kernel: 0.5}}` or `{bits: {conv1/kernel: 4}}`; a file may have both.
"""

from dataclasses import dataclass, field
from typing import Dict, Mapping, TypeVar

import yaml

from .errors import OptionError
from .files import write_text
from .sparsity import check_sparsity
from .typed_yaml import load, require

MOST_BITS = 10


@dataclass(frozen=True)
class _Numbers:
    levels: Dict[str, float] = field(default_factory=dict)
    bits: Dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name, level in self.levels.items():
            check_sparsity(level, 'levels: %s: ' % name)
        _check_bits(self.bits)


def load_levels(path: str) -> Dict[str, float]:
    """Reads the sparsity, in [0, 1), of weight tensors.

    Raises:
        OptionError: the file cannot be read, has no levels, or one out of its range.
    """
    return _some(load(_Numbers, path).levels, 'levels', path)


def load_bits(path: str) -> Dict[str, int]:
    """Reads the bits, from 1 to `MOST_BITS`, of weight tensors.

    Raises:
        OptionError: the file cannot be read, has no bits, or a number out of its range.
    """
    return _some(load(_Numbers, path).bits, 'bits', path)


def save_levels(levels: Mapping[str, float], path: str) -> None:
    """Writes what `load_levels` reads.

    Raises:
        OptionError: a level is out of its range.
        OutputError: the place cannot be written.
    """
    _save('levels', _Numbers(levels={name: float(level) for name, level in levels.items()}).levels, path)


def save_bits(bits: Mapping[str, int], path: str) -> None:
    """Writes what `load_bits` reads.

    Raises:
        OptionError: a number is out of its range.
        OutputError: the place cannot be written.
    """
    _save('bits', _Numbers(bits={name: int(each) for name, each in bits.items()}).bits, path)


_Number = TypeVar('_Number', int, float)


def _check_bits(bits: Mapping[str, int]) -> None:
    for name, each in bits.items():
        require(1 <= each <= MOST_BITS, 'bits: %s: %d is not between 1 and %d' % (name, each, MOST_BITS))


def _some(numbers: Dict[str, _Number], key: str, path: str) -> Dict[str, _Number]:
    if not numbers:
        raise OptionError('%s names no weight tensor under %r: write %s: {name: number}' % (path, key, key))
    return dict(numbers)


def _save(key: str, numbers: Mapping[str, float], path: str) -> None:
    write_text(path, yaml.safe_dump({key: numbers}, sort_keys=False, default_flow_style=False, allow_unicode=True))
