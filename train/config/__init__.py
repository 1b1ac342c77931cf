"""What can be set: YAML files as typed, immutable objects."""

import os

from tf1pruning.typed_yaml import load, one_of

from .cluster import ClusterConfig
from .experiment import Experiment
from .images import (
    AugmentConfig,
    Cifar10Config,
    DataConfig,
    DigitsConfig,
    FashionMnistConfig,
    FilesConfig,
    FolderConfig,
    MnistConfig,
    PicturesConfig,
    TFRecordConfig,
)
from .imported import ImportedConfig
from .loop import DistillConfig, LoopConfig, SoftConfig, SparseConfig
from .machine import MachineConfig
from .mobilenets import (
    BlockConfig,
    MobileNetV1Config,
    MobileNetV2Config,
    MobileNetV2SEConfig,
    MobileNetV3Config,
    MobileNetV3SmallConfig,
    SeparableConfig,
    V3BlockConfig,
)
from .model import BuiltConfig, ConvolutionalConfig, ModelConfig
from .networks import FashionCnnConfig, LeNet5Config, LeNet300Config, ResNetConfig, VGGConfig
from .sparsify import SparsifyConfig
from .training import TrainConfig

__all__ = [
    'CONFIGS', 'AugmentConfig', 'BlockConfig', 'BuiltConfig', 'Cifar10Config', 'ClusterConfig', 'ConvolutionalConfig',
    'DataConfig', 'DigitsConfig', 'DistillConfig', 'Experiment', 'FashionCnnConfig', 'FashionMnistConfig',
    'FilesConfig', 'FolderConfig', 'ImportedConfig', 'LeNet300Config', 'LeNet5Config', 'LoopConfig', 'MachineConfig',
    'MnistConfig', 'MobileNetV1Config', 'MobileNetV2Config', 'MobileNetV2SEConfig', 'MobileNetV3Config',
    'MobileNetV3SmallConfig', 'ModelConfig', 'PicturesConfig', 'ResNetConfig', 'SeparableConfig', 'SoftConfig',
    'SparseConfig', 'SparsifyConfig', 'TFRecordConfig', 'TrainConfig', 'V3BlockConfig', 'VGGConfig', 'load',
    'one_of']

CONFIGS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'configs')
"""The folder of the examples."""
