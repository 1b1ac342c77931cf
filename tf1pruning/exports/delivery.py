"""Inference model → files in all formats asked for, each compared with the model before it is delivered."""

import os
import tempfile
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

from ..errors import VerificationError
from ..model.model import Model
from ..passes.fix_batch import fix_batch
from .certificate import Shipped, certify
from .counts import Counts, count_file
from .folded import folded
from .formats import FORMATS, Settings
from .parity import Reference, sizes_of

Tell = Callable[[str], None]


class Source(NamedTuple):
    """A model to ship.

    Attributes:
        model: in inference form.
        path: where it was read from.
    """

    model: Model
    path: str


class Order(NamedTuple):
    """What is to be delivered.

    Attributes:
        formats: names in `FORMATS`.
        settings: what the formats need to know.
        batch: the batch size; None leaves it open where the format can.
        fold: fold batch norms and leave out what only passes values on.
        allow_difference: deliver files that differ by more than their format's bound, too.
    """

    formats: Sequence[str]
    settings: Settings = Settings()
    batch: Optional[int] = None
    fold: bool = True
    allow_difference: bool = False

    def batched(self, model: Model) -> Model:
        """Returns a model with the batch size that is wanted."""
        return fix_batch(model, self.batch) if self.batch else model

    def prepared(self, model: Model) -> Model:
        """Returns a model as it is handed to the formats' writers."""
        batched = self.batched(model)
        return folded(batched) if self.fold else batched

    def turns(self, name: str) -> bool:
        """Whether the file of a format takes images as `[N, C, H, W]`, though the model does not."""
        return self.settings.inputs_as_nchw and name == 'onnx'


def deliver(source: Source, order: Order, folder: str, original: Optional[Source] = None,
            plan: Optional[Mapping[str, Any]] = None, tell: Tell = lambda stage: None) -> Dict[str, Any]:
    """Exports a model in every format, compares each file with it, and writes all with a certificate.

    Args:
        source: the model.
        order: what is wanted.
        folder: an empty folder; see `formats.FORMATS` for what will be in it.
        original: the model before it was compressed, for the counts before.
        plan: what it was stripped by.
        tell: called with what is done next.

    Returns:
        The content of `certificate.json`.

    Raises:
        VerificationError: a file differs by more than its format's bound; the folder is not to be used.
        UnsupportedError: a converter refuses the model.
        OutputError: a file cannot be written.
    """
    reference = Reference(order.batched(source.model), order.settings.examples)
    prepared = order.prepared(source.model)
    shipped = [_ship(name, prepared, order, folder, reference, tell) for name in order.formats]
    _require_parity(shipped, order)
    if original is not None:
        tell('the original')
        before = order.prepared(original.model)
        shipped = [each._replace(before=_counts_of(each.format, before, order)) for each in shipped]
    return certify(folder, source.path, shipped, original.path if original else None, plan)


def _ship(name: str, prepared: Model, order: Order, folder: str, reference: Reference, tell: Tell) -> Shipped:
    tell(name)
    form = FORMATS[name]
    path = os.path.join(folder, form.file)
    form.write(prepared, path, order.settings)
    difference = reference.difference(path, order.turns(name))
    return Shipped(name, form.file, _counted(name, prepared, order, path), difference, form.bound)


def _require_parity(shipped: List[Shipped], order: Order) -> None:
    """Refuses what is too far from the model.

    Raises:
        VerificationError: a file is.
    """
    far = [each for each in shipped if not each.within]
    if far and not order.allow_difference:
        raise VerificationError('%s; nothing was written: leave the format out, or take it as it is with '
                                '--allow-difference' % '; '.join(
                                    '%s differs by %.2e relative (output %s), more than %.0e' % (
                                        each.format, each.difference.relative, each.difference.output, each.bound)
                                    for each in far))


def _counts_of(name: str, prepared: Model, order: Order) -> Counts:
    """Exports a model only to count it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, FORMATS[name].file)
        FORMATS[name].write(prepared, path, order.settings)
        return _counted(name, prepared, order, path)


def _counted(name: str, prepared: Model, order: Order, path: str) -> Counts:
    return count_file(path, prepared.outputs, sizes_of(prepared, order.turns(name)))
