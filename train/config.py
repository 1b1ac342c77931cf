"""YAML files as typed, immutable objects; a key that no object has is refused."""

import contextlib
import dataclasses
import os
from typing import Any, Dict, List, Mapping, Tuple, Type, TypeVar, Union, get_type_hints

import yaml

from tf1pruning.errors import OptionError, closest_names

Config = TypeVar('Config')
CONFIGS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'configs')
"""The folder of the examples."""


@dataclasses.dataclass(frozen=True)
class BlockConfig:
    """A run of inverted-residual blocks with the same width.

    Attributes:
        channels: output channels of each block, before the width multiplier.
        expansion: expanded channels = expansion × input channels; 1 leaves the expanding convolution out.
        repeats: how many blocks; those after the first have stride 1 and a residual connection.
        stride: stride of the first block.
        se: whether the blocks gate their expanded channels by squeeze-and-excitation.
    """

    channels: int
    expansion: int = 6
    repeats: int = 1
    stride: int = 1
    se: bool = False


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """A network.

    Attributes:
        blocks: the inverted-residual blocks, from the stem on.
        name: which of `train.models`.
        image_size: height and width of the images, in pixels.
        image_channels: 1 for grey images, 3 for colour.
        classes: number of logits.
        width: multiplier of all channel counts.
        channel_multiple: channel counts are rounded to multiples of this.
        stem_channels: filters of the first convolution, before the width multiplier.
        stem_stride: its stride.
        head_channels: filters of a last 1×1 convolution, not multiplied by the width; 0 leaves it out.
        se_ratio: squeezed channels / expanded channels.
        dropout: fraction of the pooled features dropped in training.
        batch_norm_momentum: kept fraction of the moving statistics per step; small networks with short trainings
            want less than the usual 0.99.
        batch_norm_epsilon: added to the variance.
    """

    blocks: Tuple[BlockConfig, ...]
    name: str = 'mobilenet_v2_se'
    image_size: int = 32
    image_channels: int = 1
    classes: int = 10
    width: float = 1.0
    channel_multiple: int = 4
    stem_channels: int = 32
    stem_stride: int = 2
    head_channels: int = 0
    se_ratio: float = 0.25
    dropout: float = 0.0
    batch_norm_momentum: float = 0.9
    batch_norm_epsilon: float = 1e-3


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Images.

    Attributes:
        name: which of `train.data`.
        test_fraction: part of every class that is held out.
        split_seed: which part; the same seed is the same split on every machine.
        shift: training images move by up to this many pixels, each way.
    """

    name: str = 'digits'
    test_fraction: float = 0.25
    split_seed: int = 0
    shift: int = 2


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """A training.

    Attributes:
        steps: number of updates.
        batch_size: images per update.
        optimizer: adam, momentum, rmsprop or adagrad.
        learning_rate: at its highest.
        schedule: cosine (down to zero) or constant.
        warmup_steps: the learning rate rises linearly over so many steps.
        weight_decay: factor of half the sum of squares of all kernels, added to the loss.
        label_smoothing: see `tf.losses.softmax_cross_entropy`.
        seed: of initialisation, order and augmentation.
    """

    steps: int
    batch_size: int = 64
    optimizer: str = 'adam'
    learning_rate: float = 0.003
    schedule: str = 'cosine'
    warmup_steps: int = 0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class TrainingFile:
    """`configs/training_*.yaml`: the images and the training of the baseline.

    Attributes:
        train: the training.
        images: what it trains on.
    """

    train: TrainConfig
    images: DataConfig = DataConfig()


@dataclasses.dataclass(frozen=True)
class PruneConfig:
    """`configs/pruning_*.yaml`: the threshold loop.

    Attributes:
        retrain: the training after each soft-pruning.
        thresholds: one step each; filters with a larger fraction of small weights go.
        scope_names: blocks to prune; empty finds inverted-residual and SE blocks by itself.
        max_failed_rate: above this fraction of chosen filters that came back, the step is repeated.
        max_retries: how often at most.
        tolerance: largest relative output difference of the stripped and the soft-pruned network.
    """

    retrain: TrainConfig
    thresholds: Tuple[float, ...] = (0.8, 0.7, 0.6, 0.55, 0.5)
    scope_names: Tuple[str, ...] = ()
    max_failed_rate: float = 0.1
    max_retries: int = 2
    tolerance: float = 1e-5


def load(kind: Type[Config], path: str) -> Config:
    """Reads a YAML file.

    Args:
        kind: the dataclass that describes it.
        path: the file.

    Raises:
        OptionError: no such file, not YAML, an unknown or missing key, or a value of another type; with the file,
            the key and what was expected.
    """
    try:
        with open(path) as file:
            content = yaml.safe_load(file)
    except OSError as error:
        raise OptionError('cannot read %s: %s' % (path, error.strerror)) from error
    except yaml.YAMLError as error:
        raise OptionError('%s is not YAML: %s' % (path, ' '.join(str(error).split()))) from error
    return _convert(content, kind, path)


def _convert(value: Any, kind: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _convert_mapping(value, kind, where)
    if getattr(kind, '__origin__', None) is tuple:
        if not isinstance(value, list):
            raise OptionError('%s: expected a list, found %r' % (where, value))
        return tuple(_convert(each, kind.__args__[0], '%s[%d]' % (where, i)) for i, each in enumerate(value))
    return _convert_scalar(value, kind, where)


def _convert_mapping(value: Any, kind: Any, where: str) -> Any:
    types = get_type_hints(kind)
    if not isinstance(value, Mapping):
        raise OptionError('%s: expected keys (%s), found %r' % (where, ', '.join(types), value))
    for key in value:
        if key not in types:
            raise OptionError('%s: unknown key %r%s' % (where, key, closest_names(str(key), types)))
    missing = [field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING
               and field.name not in value]
    if missing:
        raise OptionError('%s: missing key %r' % (where, missing[0]))
    return kind(**{key: _convert(each, types[key], '%s: %s' % (where, key)) for key, each in value.items()})


def _convert_scalar(value: Any, kind: Any, where: str) -> Union[int, float, str, bool]:
    if kind is float and isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)  # YAML 1.1 reads 1e-5, without a dot, as text.
    accepted: Dict[type, Tuple[type, ...]] = {float: (int, float)}
    if not isinstance(value, accepted.get(kind, (kind,))) or isinstance(value, bool) and kind is not bool:
        raise OptionError('%s: expected %s, found %r' % (where, kind.__name__, value))
    return kind(value)


def one_of(name: str, choices: Mapping[str, Any], what: str) -> Any:
    """Returns `choices[name]`.

    Raises:
        OptionError: there is none; with those there are.
    """
    if name not in choices:
        known: List[str] = sorted(choices)
        raise OptionError('no %s named %r; there are %s' % (what, name, ', '.join(known)))
    return choices[name]
