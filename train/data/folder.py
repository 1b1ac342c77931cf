"""A folder with a sub-folder of PNG or JPEG files for each class."""

import logging
import os
from typing import List, Optional, Tuple

import numpy as np

from tf1pruning.calibration.picture import picture
from tf1pruning.errors import DataError, OptionError
from tf1pruning.tf1 import tf

from ..config import FolderConfig
from .bad_records import BadRecords
from .files import folder_of
from .form import Form
from .normalisation import Normalisation
from .split import Images, taken_out, tensor_of
from .stream import Stream, images_of
from .tolerant import checked_label

_LOG = logging.getLogger(__name__)
_ENDINGS = ('.png', '.jpg', '.jpeg')


def load_folder(config: FolderConfig, form: Form, bad: BadRecords) -> Images:
    """Finds the pictures of every class; reads them only if they are to be kept in memory.

    Classes are numbered in the order of their folders' names.

    Raises:
        DataError: a folder is missing or holds no pictures, or (in memory) there are too many bad records.
        OptionError: the configuration names no folder, the number of classes or channels is another one, or nothing
            would be left of a part.
    """
    form.require_picture()
    top = folder_of(config)
    train_folder, normalisation = os.path.join(top, config.train_folder), form.normalisation(config)
    classes = _classes(train_folder)
    if len(classes) != form.classes:
        raise OptionError('%s holds %d classes, but the network has %d: set classes of the model' % (
            train_folder, len(classes), form.classes))
    whole = Pictures.of(train_folder, classes, config.fit, form, normalisation, bad)
    if config.test_folder:
        test = Pictures.of(os.path.join(top, config.test_folder), classes, config.fit, form, normalisation, bad)
        train = whole
    else:
        train, test = whole.without(taken_out(whole.labels, 'test_fraction', config.test_fraction, config.split_seed))
    parts = [train, test]
    if config.validation_fraction:
        train, validation = train.without(taken_out(train.labels, 'validation_fraction', config.validation_fraction,
                                                    config.split_seed))
        parts = [train, test, validation]
    return images_of(parts, config.in_memory)


def _classes(folder: str) -> List[str]:
    if not os.path.isdir(folder):
        raise DataError('no folder %s, with a sub-folder for each class' % folder)
    return sorted(each.name for each in os.scandir(folder) if each.is_dir() and not each.name.startswith('.'))


class Pictures(Stream):
    """Some picture files with their labels.

    Attributes:
        paths: text `[N]`.
        labels: int32 `[N]`.
    """

    def __init__(self, paths: np.ndarray, labels: np.ndarray, fit: str, form: Form, normalisation: Normalisation,
                 bad: BadRecords, source: str) -> None:
        self.paths, self.labels, self._fit = paths, labels, fit
        self._usable: Optional[np.ndarray] = None
        super().__init__(self._decode_file, form, normalisation, bad, source)

    @classmethod
    def of(cls, folder: str, classes: List[str], fit: str, form: Form, normalisation: Normalisation,
           bad: BadRecords) -> 'Pictures':
        """Finds the pictures of every class.

        Raises:
            DataError: a folder is missing, is not that of a class, or holds no pictures.
        """
        others = set(_classes(folder)) - set(classes)
        if others:
            raise DataError('%s has classes that are not trained: %s' % (folder, ', '.join(sorted(others)[:5])))
        found: List[Tuple[bytes, int]] = []
        for label, name in enumerate(classes):
            place = os.path.join(folder, name)
            files = sorted(os.listdir(place)) if os.path.isdir(place) else []
            found += [(os.fsencode(os.path.join(place, file)), label) for file in files
                      if file.lower().endswith(_ENDINGS)]
        if not found:
            raise DataError('no PNG or JPEG files in the sub-folders of %s' % folder)
        return cls(np.array([path for path, _ in found]), np.array([label for _, label in found], np.int32), fit, form,
                   normalisation, bad, folder)

    def without(self, chosen: np.ndarray) -> Tuple['Pictures', 'Pictures']:
        """Returns the pictures where a mask `[N]` is False, and the others."""
        first, second = (Pictures(self.paths[mask], self.labels[mask], self._fit, self._form, self.normalisation,
                                  self._bad, self.source) for mask in (~chosen, chosen))
        return first, second

    def records(self) -> tf.data.Dataset:
        """Returns the paths and labels of all pictures once, in order."""
        return tf.data.Dataset.from_tensor_slices((tensor_of(self.paths), self.labels))

    def shuffled_records(self, seed: int, start: int) -> tf.data.Dataset:
        """Returns paths and labels without end, shuffled completely.

        Bad pictures do not count as skipped, since they are left out of what is seen.
        """
        count = len(self.labels)
        usable = self._looked_through() if start and self._bad.limit else np.ones(count, bool)
        rounds, rest = divmod(start, int(usable.sum()))
        marked = tf.data.Dataset.zip((self.records(), tf.data.Dataset.from_tensor_slices(tensor_of(usable))))
        ahead = marked.shuffle(count, seed=seed, reshuffle_each_iteration=True).repeat().skip(rounds * count)
        return ahead.filter(lambda record, good: good).map(lambda record, good: record).skip(rest)

    def _looked_through(self) -> np.ndarray:
        """Decodes everything, the first time; returns a mask `[N]`, False for bad pictures.

        Raises:
            DataError: there are too many.
        """
        if self._usable is None:
            _LOG.info('%s: every picture is decoded once, to know which ones are left out', self.source)
            for _ in self.raw_batches(256):
                pass
            self._usable = np.array([path.decode('utf-8', 'replace') not in self._bad for path in self.paths])
        return self._usable

    def _decode_file(self, path: tf.Tensor, label: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
        return picture(tf.io.read_file(path), self._form.shape, self._fit), checked_label(label, self._form.classes)
