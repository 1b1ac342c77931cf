"""TFRecord files of `tf.train.Example`, with the features of a classification."""

from typing import Tuple

import numpy as np

from tf1pruning.calibration.picture import picture
from tf1pruning.tf1 import tf

from ..config import TFRecordConfig
from .bad_records import BadRecords
from .files import folder_of, matching, numbers_of
from .form import Form
from .split import Images, tensor_of
from .stream import Stream, images_of
from .tolerant import checked_label

_FILES_AT_ONCE = 4
_RECORD_STEP, _FILE_STEP = (5 ** 0.5 - 1) / 2, 2 ** 0.5 - 1
"""From one record's place (0 to 1) to the next one's, and from where one file begins to where the next one does."""


def load_tfrecord(config: TFRecordConfig, form: Form, bad: BadRecords) -> Images:
    """Finds TFRecord files for training and testing; reads them only if they are to be kept in memory.

    Raises:
        DataError: there are none, or (in memory) one cannot be read or there are too many bad records.
        OptionError: the configuration names no folder, its normalisation has another number of channels, or the network
            takes images that no picture can be.
    """
    if config.encoding != 'raw':
        form.require_picture()
    fraction = config.validation_fraction
    parts = [TFRecords(config.train_files, config, form, bad, (fraction, 1.0)),
             TFRecords(config.test_files, config, form, bad)]
    if fraction:
        parts.append(TFRecords(config.train_files, config, form, bad, (0.0, fraction)))
    return images_of(parts, config.in_memory)


class TFRecords(Stream):
    """The records of some files, or a part of them.

    Args:
        pattern: of the files' names.
        config: folder, features and encoding.
        form: what the network takes.
        bad: counts what cannot be decoded.
        part: from which to below which fraction; taken evenly from all places.
    """

    def __init__(self, pattern: str, config: TFRecordConfig, form: Form, bad: BadRecords,
                 part: Tuple[float, float] = (0.0, 1.0)) -> None:
        self._config, self._part = config, part
        paths = matching(folder_of(config), pattern)
        self._paths = np.array([path.encode('utf-8') for path in paths])
        self._places = np.array(numbers_of(paths)) * _FILE_STEP
        super().__init__(self._decode_record, form, form.normalisation(config), bad, config.folder)
        bad.sources.append(self._damaged)

    def records(self) -> tf.data.Dataset:
        """Returns the names and the contents of all records once, in order."""
        return self._files().flat_map(self._in_file)

    def shuffled_records(self, seed: int, start: int) -> tf.data.Dataset:
        """Returns names and contents without end: files in a random order, records drawn from a buffer.

        Skipping would mean to read all that is skipped. So another order begins there, the same for the same start.
        """
        files = self._files().shuffle(len(self._paths), seed=seed + start, reshuffle_each_iteration=True)
        records = files.interleave(self._in_file, min(_FILES_AT_ONCE, len(self._paths)))
        return records.shuffle(self._config.shuffle_buffer, seed=seed + start, reshuffle_each_iteration=True).repeat()

    def _files(self) -> tf.data.Dataset:
        """Returns the path of every file and the place of its first record."""
        return tf.data.Dataset.from_tensor_slices((tensor_of(self._paths), tensor_of(self._places)))

    def _in_file(self, path: tf.Tensor, place: tf.Tensor) -> tf.data.Dataset:
        compression = '' if self._config.compression == 'none' else self._config.compression.upper()
        numbered = tf.data.Dataset.zip((tf.data.experimental.Counter(), tf.data.TFRecordDataset(path, compression)))
        if self._part != (0.0, 1.0):
            numbered = numbered.filter(lambda number, record: self._is_taken(place, number))
        return numbered.map(lambda number, record: (
            tf.strings.join([path, ': record ', tf.strings.as_string(number)]), record))

    def _damaged(self) -> str:
        """Says which file cannot be read to its end, if one cannot."""
        compression = tf.io.TFRecordCompressionType
        options = {'none': compression.NONE, 'gzip': compression.GZIP, 'zlib': compression.ZLIB}
        for path in self._paths:
            try:
                for _ in tf.io.tf_record_iterator(path, tf.io.TFRecordOptions(options[self._config.compression])):
                    pass
            except tf.errors.OpError as error:
                return '%s cannot be read (%s): make it again' % (path.decode('utf-8'), error.message.splitlines()[0])
        return ''

    def _is_taken(self, first: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        """Whether a record belongs to the part; spread evenly over the records of a file, and over the files.

        Multiples of the golden ratio fill the interval from 0 to 1 as they come. So do those of √2, where the files
        begin: else the first record of every file would belong to the same part.

        Args:
            first: float64, the place of the file's first record.
            number: int64, of the record in its file.
        """
        place = first + tf.cast(number + self._config.split_seed, tf.float64) * _RECORD_STEP
        place -= tf.floor(place)
        return tf.logical_and(place >= self._part[0], place < self._part[1])

    def _decode_record(self, name: tf.Tensor, record: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
        config, form = self._config, self._form
        features = tf.io.parse_single_example(record, {config.image_key: tf.io.FixedLenFeature([], tf.string),
                                                       config.label_key: tf.io.FixedLenFeature([], tf.int64)})
        if config.encoding == 'raw':
            image = tf.reshape(tf.io.decode_raw(features[config.image_key], tf.uint8), form.shape)
        else:
            image = picture(features[config.image_key], form.shape, config.fit)
        return image, checked_label(features[config.label_key] - config.label_offset, form.classes)
