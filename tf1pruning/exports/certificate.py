"""What was shipped, from what, and how far it is from it: `certificate.json`."""

import hashlib
import json
import os
import platform
import sys
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from .. import __version__
from ..errors import DataError
from ..files import write_text
from ..tf1 import tf
from ..verify import Difference
from .counts import Counts

CERTIFICATE = 'certificate.json'
_BLOCK = 1 << 20
_WORDS = {'macs': 'MACs', 'bytes': 'bytes', 'operations': 'operations'}


class Shipped(NamedTuple):
    """One exported file.

    Attributes:
        format: its format's name.
        path: where it is, as seen from the certificate.
        counts: taken from the file.
        difference: from the checkpoint's outputs.
        bound: what the format lets through.
        before: counts of the original, exported in the same way; None without one.
    """

    format: str
    path: str
    counts: Counts
    difference: Difference
    bound: float
    before: Optional[Counts] = None

    @property
    def within(self) -> bool:
        """Whether the difference is within the bound."""
        return self.difference.relative <= self.bound


def certify(folder: str, model: str, shipped: Sequence[Shipped], original: Optional[str] = None,
            plan: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
    """Writes the certificate of some files in a folder.

    Args:
        folder: where the files are, and the certificate will be.
        model: the path of what was exported: a checkpoint's prefix, a `.pb`, a SavedModel.
        shipped: the files.
        original: the path of the model before it was compressed.
        plan: content of the plan that it was stripped by.

    Returns:
        The content.

    Raises:
        OutputError: it cannot be written.
    """
    content: Dict[str, Any] = {
        'model': model, 'original': original, 'versions': _versions(),
        'inputs': [_described(path, path) for each in (model, original) if each for path in files_of(each)],
        'plan': plan,
        'files': [_entry(each, folder) for each in shipped],
    }
    fell = _fell(shipped)
    content.update(fell=fell, statement=statement(fell, shipped))
    write_text(os.path.join(folder, CERTIFICATE), json.dumps(content, indent=1) + '\n')
    return content


def statement(fell: Optional[Mapping[str, bool]], shipped: Sequence[Shipped]) -> str:
    """Says which of MACs, bytes and operations fell, and where one did not."""
    if fell is None:
        return 'no original was given to compare with'
    if all(fell.values()):
        return 'MACs, bytes and operations all fell, in every file'
    parts = []
    for name, word in _WORDS.items():
        stayed = ['%s: %s → %s' % (each.format, f'{getattr(each.before, name):,}', f'{getattr(each.counts, name):,}')
                  for each in shipped if each.before and getattr(each.counts, name) >= getattr(each.before, name)]
        parts.append('%s %s' % (word, 'did not fall (%s)' % '; '.join(stayed) if stayed else 'fell'))
    return '; '.join(parts)


def files_of(path: str) -> List[str]:
    """Returns the files of a checkpoint, a `.pb` or a SavedModel."""
    if os.path.isdir(path):
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
    if os.path.isfile(path):
        return [path]
    folder, stem = os.path.split(path)
    return sorted(os.path.join(folder, name) for name in os.listdir(folder or os.curdir)
                  if name.startswith(stem + '.') and name.split('.')[-1].split('-')[0] in ('data', 'index', 'meta'))


def sha256(path: str) -> str:
    """Returns the hash of a file's content.

    Raises:
        DataError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with open(path, 'rb') as stream:
            for block in iter(lambda: stream.read(_BLOCK), b''):
                digest.update(block)
    except OSError as error:
        raise DataError('cannot read %s: %s' % (path, error.strerror)) from error
    return digest.hexdigest()


def _fell(shipped: Iterable[Shipped]) -> Optional[Dict[str, bool]]:
    pairs = [(each.counts, each.before) for each in shipped if each.before is not None]
    if not pairs:
        return None
    return {name: all(getattr(after, name) < getattr(before, name) for after, before in pairs) for name in _WORDS}


def _entry(each: Shipped, folder: str) -> Dict[str, Any]:
    path = os.path.join(folder, each.path)
    files = [_described(name, os.path.relpath(name, folder)) for name in files_of(path)]
    entry = {'format': each.format, 'path': each.path, 'sha256': files[0]['sha256'], **each.counts._asdict(),
             'difference': _finite(each.difference._asdict()), 'bound': each.bound, 'within': each.within,
             'before': dict(each.before._asdict()) if each.before else None}
    return entry if len(files) == 1 else dict(entry, files=files)


def _finite(numbers: Mapping[str, Any]) -> Dict[str, Any]:
    """Returns numbers as JSON knows them: it has none that are infinite."""
    return {name: None if value in (float('inf'), float('-inf')) else value for name, value in numbers.items()}


def _described(path: str, name: str) -> Dict[str, Any]:
    return {'path': name, 'sha256': sha256(path), 'bytes': os.path.getsize(path)}


def _versions() -> Dict[str, str]:
    versions = {'python': platform.python_version(), 'tf1pruning': __version__, 'tensorflow': tf.__version__,
                'numpy': np.__version__}
    versions.update((name, str(vars(sys.modules[name])['__version__']))
                    for name in ('onnx', 'onnxruntime', 'tf2onnx') if name in sys.modules)
    return versions
