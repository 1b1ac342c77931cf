"""What follows the strip: batch norm's statistics anew, a last training of the small network, and its export."""

import os
from typing import Callable, NamedTuple, Optional

from ..errors import VerificationError
from ..files import atomic_folder
from ..model.checkpoint import load_checkpoint, resolve_prefix, save_checkpoint
from ..model.frozen import load_frozen, save_frozen
from ..model.model import Model
from ..network import Network
from ..passes.to_inference import to_inference
from ..verify import TOLERANCE, difference_of
from .diary import Diary
from .journal import Journal, Record
from .settings import Evaluate, measured
from .zeroing import save_whole


class Finish(NamedTuple):
    """What is done with the stripped network.

    Attributes:
        evaluate: measures a checkpoint of it.
        recalibrate: estimates batch norm's statistics anew; see `training.recalibrate`.
        finetune: trains a checkpoint of it, in a folder of its own, and returns the folder.
    """

    evaluate: Evaluate
    recalibrate: Optional[Callable[[Model], Model]] = None
    finetune: Optional[Callable[[str, str], str]] = None


def finish_loop(finish: Finish, stripped: Record, folder: str, network: Network, journal: Journal,
                diary: Diary) -> Record:
    """Takes a stripped network to the file that is shipped: `final/model.pb`, and its checkpoint beside it.

    Args:
        finish: what is done.
        stripped: the report of the strip.
        folder: of the loop; `stripped/Stripped_Dir` is there.
        network: reads checkpoints.
        journal: remembers what was finished.
        diary: is given a row for each.

    Returns:
        The last row: what the shipped network measures, with `checkpoint` and `pb`.

    Raises:
        VerificationError: the file does not compute what the checkpoint does.
    """
    prefix = resolve_prefix(os.path.join(folder, 'stripped', 'Stripped_Dir'))
    checkpoint = os.path.relpath(prefix, folder)

    def path(name: str) -> str:
        return os.path.join(folder, name)

    def note(step: str, seconds: float) -> None:
        row = journal.once(step + '/measured', lambda: measured(finish.evaluate, path(checkpoint)))
        diary.note({'step': step, 'retry': 0, 'accepted': True, 'macs': stripped['macs']['after'],
                    'parameters': stripped['parameters']['after'], **row, 'checkpoint': checkpoint,
                    'seconds': round(seconds + row['seconds'], 3)}, checkpoint)

    note('stripped', stripped['seconds'])
    if finish.recalibrate is not None:
        change, before = finish.recalibrate, checkpoint
        record = journal.once('recalibrated', lambda: {'checkpoint': os.path.relpath(
            save_whole(change(network.load(path(before))), path('recalibrated')), folder)})
        checkpoint = record['checkpoint']
        note('recalibrated', record['seconds'])
    if finish.finetune is not None:
        train, start = finish.finetune, checkpoint
        record = journal.once('finetuned', lambda: {'checkpoint': os.path.relpath(
            resolve_prefix(train(path(start), path('finetuned'))), folder)})
        checkpoint = record['checkpoint']
        note('finetuned', record['seconds'])
    exported = journal.once('exported', lambda: _export(network, path(checkpoint), path('final')))
    return {**diary.rows[-1], **{name: os.path.relpath(exported[name], folder) for name in ('checkpoint', 'pb')}}


def _export(network: Network, checkpoint: str, folder: str) -> Record:
    """Writes the inference graph as checkpoint and frozen graph, and runs both."""
    with atomic_folder(folder) as temporary:
        prefix = save_checkpoint(to_inference(network.load(checkpoint)), temporary)
        frozen = save_frozen(load_checkpoint(prefix, network.outputs), os.path.join(temporary, 'model.pb'))
        difference = difference_of(load_checkpoint(prefix, network.outputs), load_frozen(frozen, network.outputs))
        if not difference.relative <= TOLERANCE:
            raise VerificationError('model.pb differs from its checkpoint by %.1e' % difference.relative)
    return {'checkpoint': os.path.join(folder, os.path.basename(prefix)), 'pb': os.path.join(folder, 'model.pb'),
            'difference': difference.relative}
