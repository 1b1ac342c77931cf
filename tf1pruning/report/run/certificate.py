"""What `tf1pruning export` certifies of the files it wrote."""

from typing import Any, Dict, NamedTuple, Optional, Tuple

from .reading import flag, items, mapping, number, text, whole


class Source(NamedTuple):
    """A file that was read, or a part of one that was written."""

    path: str
    sha256: str
    bytes: Optional[int]


class Exported(NamedTuple):
    """A file that was exported.

    Attributes:
        format: `pb`, `tflite`, `onnx` and so on.
        path: relative to the certificate.
        sha256: of its content.
        counts: bytes, MACs, parameters and operations.
        before: the same of the original's file.
        relative: largest difference from the model, relative to the largest output.
        absolute: largest difference.
        output: where it is.
        bound: what `relative` may be.
        within: whether it is.
        parts: its files, where it is a folder.
    """

    format: str
    path: str
    sha256: str
    counts: Dict[str, Optional[int]]
    before: Dict[str, Optional[int]]
    relative: Optional[float]
    absolute: Optional[float]
    output: str
    bound: Optional[float]
    within: Optional[bool]
    parts: Tuple[Source, ...]


class Certificate(NamedTuple):
    """The content of `certificate.json`.

    Attributes:
        model: path of the model.
        original: path of the model before pruning.
        versions: of the libraries, by name.
        inputs: what was read.
        files: what was written.
        fell: whether MACs, bytes and operations fell.
        statement: the same in words.
    """

    model: str
    original: str
    versions: Dict[str, str]
    inputs: Tuple[Source, ...]
    files: Tuple[Exported, ...]
    fell: Dict[str, Optional[bool]]
    statement: str


COUNTED = ('bytes', 'macs', 'parameters', 'operations')


def read_certificate(content: Any) -> Optional[Certificate]:
    """Reads `certificate.json`; None where it certifies nothing."""
    found = mapping(content)
    files = tuple(_exported(mapping(each)) for each in items(found.get('files')))
    if not files and not text(found.get('statement')):
        return None
    return Certificate(text(found.get('model')), text(found.get('original')),
                       {name: text(each) for name, each in mapping(found.get('versions')).items()},
                       _sources(found.get('inputs')), files,
                       {name: flag(each) for name, each in mapping(found.get('fell')).items()},
                       text(found.get('statement')))


def _exported(each: Dict[str, Any]) -> Exported:
    difference, before = mapping(each.get('difference')), mapping(each.get('before'))
    return Exported(text(each.get('format')), text(each.get('path')), text(each.get('sha256')),
                    {name: whole(each.get(name)) for name in COUNTED},
                    {name: whole(before.get(name)) for name in COUNTED}, number(difference.get('relative')),
                    number(difference.get('absolute')), text(difference.get('output')), number(each.get('bound')),
                    flag(each.get('within')), _sources(each.get('files')))


def _sources(listed: Any) -> Tuple[Source, ...]:
    found = [mapping(each) for each in items(listed)]
    return tuple(Source(text(each.get('path')), text(each.get('sha256')), whole(each.get('bytes'))) for each in found)
