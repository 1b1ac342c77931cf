"""CIFAR-10 (Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009) in any of its formats."""

import glob
import os
from typing import Callable, NamedTuple, Sequence

from tf1pruning.errors import DataError

from ..config import Cifar10Config, TFRecordConfig
from .bad_records import BadRecords
from .cifar10_binary import read_binary_batches
from .cifar10_python import read_python_batches
from .files import folder_of
from .form import Form
from .split import Images, Split, divided
from .tfrecord import TFRecords


class _Format(NamedTuple):
    """How a format is known, and read.

    Attributes:
        pattern: of the training files; a file that matches gives the format away.
        names: of all of them; empty where there may be any.
        test: of the test files.
        read: reads all files of a folder that match a pattern.
    """

    pattern: str
    names: Sequence[str]
    test: str
    read: Callable[[str, str, Cifar10Config, Form, BadRecords], Split]


def load_cifar10(config: Cifar10Config, form: Form, bad: BadRecords) -> Images:
    """Reads CIFAR-10: 32 × 32, colour, kept in memory as bytes.

    Raises:
        DataError: no format's files are there, one is damaged, or there are too many bad records.
        OptionError: the network takes other images, or the configuration names no folder.
    """
    form.require(config.name, (32, 32, 3))
    top = folder_of(config)
    for folder in (top, os.path.join(top, 'cifar-10-batches-py'), os.path.join(top, 'cifar-10-batches-bin')):
        for each in _FORMATS:
            if glob.glob(os.path.join(glob.escape(folder), each.pattern)):
                missing = [name for name in each.names if not os.path.isfile(os.path.join(folder, name))]
                if missing:
                    raise DataError('no file %s in %s: fetch it again' % (missing[0], folder))
                train, test = (each.read(folder, pattern, config, form, bad) for pattern in (each.pattern, each.test))
                return divided(train, test, config.validation_fraction, config.split_seed)
    raise DataError('no CIFAR-10 in %s: expected %s' % (top, ', or '.join(each.pattern for each in _FORMATS)))


def _read_records(folder: str, pattern: str, config: Cifar10Config, form: Form, bad: BadRecords) -> Split:
    records = TFRecordConfig(folder=folder, mean=config.mean, deviation=config.deviation)
    return TFRecords(pattern, records, form, bad).loaded()


_BATCHES = ['data_batch_%d' % number for number in range(1, 6)]
_FORMATS = (_Format('data_batch_[1-5].bin', [name + '.bin' for name in _BATCHES], 'test_batch.bin',
                    read_binary_batches),
            _Format('data_batch_[1-5]', _BATCHES, 'test_batch', read_python_batches),
            _Format('*train*.tfrecord*', (), '*test*.tfrecord*', _read_records))
