"""MNIST (LeCun et al., Proceedings of the IEEE 86, 1998) and Fashion-MNIST (Xiao et al., arXiv 1708.07747)."""

import os

import numpy as np

from tf1pruning.calibration.idx import read_idx
from tf1pruning.errors import DataError

from ..config import FilesConfig
from .bad_records import BadRecords
from .files import first_of, folder_of
from .form import Form
from .split import Images, Split, divided, usable


def load_mnist(config: FilesConfig, form: Form, bad: BadRecords) -> Images:
    """Reads four IDX files, under the names of MNIST: 28 × 28, grey.

    Raises:
        DataError: a file is missing or damaged, or there are too many bad records.
        OptionError: the network takes other images, or the configuration names no folder.
    """
    folder = folder_of(config)
    train, test = (_read(folder, stem, config, form, bad) for stem in ('train', 't10k'))
    return divided(train, test, config.validation_fraction, config.split_seed)


def _read(folder: str, stem: str, config: FilesConfig, form: Form, bad: BadRecords) -> Split:
    paths = [first_of(folder, ['%s-%s%sidx%d-ubyte%s' % (stem, what, dash, axes, end) for dash in '-.'
                               for end in ('', '.gz')]) for what, axes in (('images', 3), ('labels', 1))]
    images, labels = read_idx(paths[0], 3), read_idx(paths[1], 1)
    if len(images) != len(labels):
        raise DataError('%s holds %d images, but %s %d labels' % (paths[0], len(images), paths[1], len(labels)))
    form.require(config.name, images.shape[1:] + (1,))
    split = Split(images[..., np.newaxis], labels.astype(np.int32), form.normalisation(config))
    return usable(split, form, bad, os.path.basename(paths[1]))
