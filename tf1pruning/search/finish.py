"""What follows the strip: batch norm's statistics anew, a last training of the small network, and its export."""

import logging
import os
from typing import Callable, List, NamedTuple, Optional

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
from .returned import Evaluate, measured, recalibrated, trained_checkpoint
from .zeroing import save_whole

logger = logging.getLogger(__name__)


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


def finish_loop(finish: Finish, stripped: Record, floor: float, folder: str, network: Network, journal: Journal,
                diary: Diary) -> Optional[Record]:
    """Takes a stripped network to the file that is shipped: `final/model.pb`, and its checkpoint beside it.

    Args:
        finish: what is done; each stage begins where the one before ended.
        stripped: the report of the strip.
        floor: the accuracy below which a stage is not shipped, but the last one before it that reaches it.
        folder: of the loop; `stripped/Stripped_Dir` is there.
        network: reads checkpoints.
        journal: remembers what was finished.
        diary: is given a row for each.

    Returns:
        The row of the network that is shipped, with `checkpoint` and `pb`; None if no stage reaches the floor.

    Raises:
        OptionError: a function returns what it should not.
        ModelError: what it returns is another network.
        VerificationError: the file does not compute what the checkpoint does.
    """
    stages = _Stages(finish, stripped, floor, folder, network, journal, diary)
    shipped = next((row for row in reversed(stages.run()) if row['accepted']), None)
    if shipped is None:
        return None
    checkpoint = os.path.join(folder, shipped['checkpoint'])
    exported = journal.once('exported/' + shipped['step'],
                            lambda: _export(network, checkpoint, os.path.join(folder, 'final')))
    return {**shipped, **{name: os.path.relpath(exported[name], folder) for name in ('checkpoint', 'pb')}}


class _Stages(NamedTuple):
    """The stages between the strip and the export; the attributes are the arguments of `finish_loop`."""

    finish: Finish
    stripped: Record
    floor: float
    folder: str
    network: Network
    journal: Journal
    diary: Diary

    def run(self) -> List[Record]:
        """Does and measures one after the other; returns their rows."""
        prefix = resolve_prefix(self._path(os.path.join('stripped', 'Stripped_Dir')))
        rows = [self._note('stripped', os.path.relpath(prefix, self.folder), self.stripped['seconds'])]
        if self.finish.recalibrate is not None:
            recalibrate = self.finish.recalibrate
            rows.append(self._change('recalibrated', rows[-1], lambda start, folder: save_whole(
                recalibrated(recalibrate, self.network.load(start)), folder)))
        if self.finish.finetune is not None:
            finetune = self.finish.finetune
            rows.append(self._change('finetuned', rows[-1], lambda start, folder: trained_checkpoint(
                'finetune', finetune(start, folder), self.network, start)))
        return rows

    def _change(self, step: str, before: Record, change: Callable[[str, str], str]) -> Record:
        """Does a stage, which makes a checkpoint of one in a folder; returns its row."""
        record = self.journal.once(step, lambda: {'checkpoint': os.path.relpath(
            change(self._path(before['checkpoint']), self._path(step)), self.folder)})
        return self._note(step, record['checkpoint'], record['seconds'])

    def _note(self, step: str, checkpoint: str, seconds: float) -> Record:
        """Measures what a stage has left, and whether it may be shipped."""
        found = self.journal.once(step + '/measured', lambda: measured(self.finish.evaluate, self._path(checkpoint)))
        accepted = found['accuracy'] >= self.floor
        if not accepted:
            logger.warning('%s: an accuracy of %.2f %% is below the floor of %.2f %%: not shipped', step,
                           100 * found['accuracy'], 100 * self.floor)
        self.diary.note({'step': step, 'retry': 0, 'accepted': accepted, 'macs': self.stripped['macs']['after'],
                         'parameters': self.stripped['parameters']['after'], **found, 'checkpoint': checkpoint,
                         'seconds': round(seconds + found['seconds'], 3)}, checkpoint)
        return self.diary.rows[-1]

    def _path(self, relative: str) -> str:
        return os.path.join(self.folder, relative)


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
