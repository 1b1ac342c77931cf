"""What the programs here begin with: flags that say what is trained on which images, and TensorFlow as it is needed.

The flags count as those of the program that defines them, so that its `--help` shows them.
"""

import dataclasses
import logging
import sys
import warnings
from typing import Optional

from absl import flags

from tf1pruning.errors import OptionError
from tf1pruning.tf1 import quiet, use_tf1_behavior

from .config import Experiment, FilesConfig, ImportedConfig, load

flags.disclaim_key_flags()


def define_flags(config: str) -> None:
    """Defines the flags that the programs here share.

    Args:
        config: the configuration that is read where none is named.
    """
    define_experiment_flags(config)
    flags.DEFINE_string('output', None, 'The folder to write into; a training that is there is gone on with.',
                        required=True)


def define_experiment_flags(config: str) -> None:
    """Defines the flags that say which network is trained on which images; see `read_experiment`."""
    flags.DEFINE_string('config', config, 'What to do, as a YAML file.')
    flags.DEFINE_string('data', None, 'The folder of the images, if not as in the configuration.')
    flags.DEFINE_string('model', None, 'The checkpoint of a network that is imported, if not as in the configuration.')


def read_experiment(path: str, data: Optional[str], checkpoint: Optional[str]) -> Experiment:
    """Reads a network, its images and its training.

    Args:
        path: the file.
        data: the folder of the images, as --data gives it; None leaves the file's.
        checkpoint: the network that is imported, as --model gives it; None leaves the file's.

    Raises:
        OptionError: the file is missing or wrong, or has no place for a folder or a checkpoint.
    """
    experiment = load(Experiment, path)
    images, model = experiment.images, experiment.model
    if data is not None:
        if not isinstance(images, FilesConfig):
            raise OptionError('--data %s: %s come without files; leave it out' % (data, images.name))
        images = dataclasses.replace(images, folder=data)
    if checkpoint is not None:
        if not isinstance(model, ImportedConfig):
            raise OptionError('--model %s: %s is built, not imported; leave it out, or set the name of the model to '
                              'imported' % (checkpoint, model.name))
        model = dataclasses.replace(model, checkpoint=checkpoint)
    return dataclasses.replace(experiment, images=images, model=model)


def prepare() -> None:
    """Sets TF1 behaviour and the log format, for programs."""
    quiet()
    warnings.filterwarnings('ignore', message='.*tf.layers.*')
    use_tf1_behavior()
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(logging.Formatter('%(message)s'))
    for package in (__package__, 'tf1pruning'):
        log = logging.getLogger(package)
        log.addHandler(lines)
        log.setLevel(logging.INFO)
        log.propagate = False
