"""Images by name, and the pipeline that feeds them to an estimator."""

from typing import Callable, Mapping

from tf1pruning.errors import DataError

from ..config import DataConfig, FilesConfig, one_of
from .bad_records import BadRecords
from .cifar10 import load_cifar10
from .digits import load_digits
from .examples import Examples
from .folder import load_folder
from .form import Form
from .mnist import load_mnist
from .normalisation import Normalisation
from .pipeline import evaluation_input_fn, training_input_fn
from .split import Images, Split
from .tfrecord import load_tfrecord

__all__ = ['DATASETS', 'BadRecords', 'DataError', 'Examples', 'Form', 'Images', 'Normalisation', 'Split',
           'evaluation_input_fn', 'load_digits', 'load_images', 'training_input_fn']

DATASETS: Mapping[str, Callable[..., Images]] = {
    'digits': lambda config, form, bad: load_digits(config, form), 'mnist': load_mnist, 'fashion_mnist': load_mnist,
    'cifar10': load_cifar10, 'folder': load_folder, 'tfrecord': load_tfrecord}
"""Functions of a configuration, the network's form and a counter of bad records."""


def load_images(config: DataConfig, form: Form) -> Images:
    """Loads a dataset, or finds its files.

    Args:
        config: which, and from where.
        form: what the network takes.

    Raises:
        DataError: files are missing or damaged, there are too many bad records, or nothing else.
        OptionError: the configuration does not fit the network.
    """
    bad = BadRecords(config.max_bad_records if isinstance(config, FilesConfig) else 0)
    images = one_of(config.name, DATASETS, 'dataset')(config, form, bad)
    for name, part in (('train', images.train), ('test', images.test)):
        if part.is_empty():
            raise DataError('no %s images of %s are left that can be used' % (name, config.name))
    bad.report()
    return images._replace(bad=bad)
