"""Networks without their source: the graph of a checkpoint."""

from tf1pruning.errors import OptionError
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf
from tf1pruning.training import import_model, to_training
from tf1pruning.workbench import parse_input

from ..config import ImportedConfig


def imported(images: tf.Tensor, config: ImportedConfig, training: bool) -> tf.Tensor:
    """Imports the network into the default graph.

    Args:
        images: `[N, H, W, C]`.
        config: the checkpoint, and where the network begins and ends in it.
        training: whether batch norm uses the batch's statistics.

    Returns:
        Logits `[N, classes]`, under the name they have in the checkpoint.

    Raises:
        ModelError: there is no such checkpoint, or the images do not fit it.
        OptionError: the output is not of the shape of logits.
    """
    model = source_of(config)
    logits, = import_model(to_training(model, config.batch_norm_momentum) if training else to_inference(model), images)
    if logits.shape.ndims != 2 or logits.shape[1] not in (None, config.classes):
        raise OptionError('%s has the shape %s, which is not that of the logits of %d classes: set output and classes '
                          'of the model' % (config.output, logits.shape, config.classes))
    return logits


def source_of(config: ImportedConfig) -> Model:
    """Reads the checkpoint, and cuts its graph where the images come in.

    Raises:
        ModelError: there is no such checkpoint.
        NameNotFoundError: its graph has no such input or output.
        OptionError: none is named.
    """
    if not config.checkpoint:
        raise OptionError('the network is imported, but from where? Give --model CHECKPOINT, or set checkpoint of the '
                          'model')
    shape = [None, config.image_size, config.image_size, config.image_channels]
    return load_checkpoint(config.checkpoint, (config.output,), dict([parse_input(config.input, ('input', shape))]))
