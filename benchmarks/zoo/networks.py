"""The architectures of `benchmarks.zoo`: Keras applications, slim nets, and small ones that those lack."""

import importlib
from typing import Dict, List, Tuple

from benchmarks.zoo.blocks import BLOCKS
from benchmarks.zoo.dialects import DIALECTS
from benchmarks.zoo.models import model_networks
from benchmarks.zoo.network import Network
from benchmarks.zoo.small import SMALL
from tf1pruning.tf1 import tf

_KERAS_1: Dict[str, int] = {
    'MobileNet': 224, 'MobileNetV2': 224, 'NASNetMobile': 224, 'DenseNet121': 224, 'DenseNet169': 224,
    'DenseNet201': 224, 'InceptionV3': 299, 'InceptionResNetV2': 299, 'ResNet50': 224, 'ResNet101': 224,
    'ResNet152': 224, 'ResNet50V2': 224, 'ResNet101V2': 224, 'ResNet152V2': 224, 'VGG16': 224, 'VGG19': 224,
    'Xception': 299, 'NASNetLarge': 331,
}
"""Input sizes of the networks that TensorFlow 1.15 has."""
_KERAS_2: Dict[str, int] = {
    'MobileNetV3Small': 224, 'MobileNetV3Large': 224, 'EfficientNetB0': 224, 'EfficientNetB1': 240,
    'EfficientNetB2': 260, 'EfficientNetB3': 300, 'EfficientNetV2B0': 224, 'EfficientNetV2B1': 240,
    'EfficientNetV2B2': 260, 'EfficientNetV2B3': 300, 'RegNetX002': 224, 'RegNetX032': 224, 'RegNetY002': 224,
    'RegNetY032': 224, 'ConvNeXtTiny': 224, 'ResNetRS50': 224, 'EfficientNetB4': 380, 'EfficientNetB5': 456,
    'EfficientNetB6': 528, 'EfficientNetB7': 600,
}
"""Those that 2.15 adds."""
_PREPROCESSED = ('MobileNetV3', 'EfficientNet', 'RegNet', 'ConvNeXt', 'ResNetRS')
_SLIM: Dict[str, Tuple[str, int]] = {
    'alexnet_v2': ('alexnet', 224), 'overfeat': ('overfeat', 231), 'vgg_a': ('vgg', 224), 'vgg_16': ('vgg', 224),
    'vgg_19': ('vgg', 224), 'inception_v1': ('inception', 224), 'inception_v2': ('inception', 224),
    'inception_v3': ('inception', 299), 'resnet_v1_50': ('resnet_v1', 224), 'resnet_v1_101': ('resnet_v1', 224),
    'resnet_v1_152': ('resnet_v1', 224), 'resnet_v1_200': ('resnet_v1', 224), 'resnet_v2_50': ('resnet_v2', 224),
    'resnet_v2_101': ('resnet_v2', 224), 'resnet_v2_152': ('resnet_v2', 224), 'resnet_v2_200': ('resnet_v2', 224),
}
"""Module and input size of the nets that `tf_slim.nets` ships (CIFARNet is not among them)."""


def keras_network(name: str) -> Network:
    """Returns a network of `tf.keras.applications` with 1,000 classes."""
    def build() -> Tuple[tf.Tensor, tf.Tensor]:
        size = {**_KERAS_1, **_KERAS_2}[name]
        network = getattr(tf.keras.applications, name)(weights=None, input_shape=(size, size, 3))
        return network.inputs[0], network.outputs[0]
    return Network('keras', build, 255.0 if name.startswith(_PREPROCESSED) else 1.0)


def slim_network(name: str) -> Network:
    """Returns a network of `tf_slim.nets` in inference mode."""
    def build() -> Tuple[tf.Tensor, tf.Tensor]:
        module_name, size = _SLIM[name]
        module = importlib.import_module('tf_slim.nets.' + module_name)
        images = tf.placeholder(tf.float32, [None, size, size, 3], 'images')
        scope = getattr(module, next(key for key in dir(module) if key == 'resnet_arg_scope' or (
            key.endswith('_arg_scope') and name.startswith(key[:-len('_arg_scope')]))))()
        with importlib.import_module('tf_slim').arg_scope(scope):
            output, _ = getattr(module, name)(images, 1000, is_training=False)
        return images, output
    return Network('slim', build)


def networks() -> Dict[str, Network]:
    """Returns all architectures that this TensorFlow can build, small ones first."""
    found = {name: Network('small', build) for name, build in {**SMALL, **BLOCKS, **DIALECTS}.items()}
    found.update({name: keras_network(name) for name in (*_KERAS_1, *_KERAS_2)
                  if hasattr(tf.keras.applications, name)})
    try:
        importlib.import_module('tf_slim')
    except ImportError:
        return found
    found.update({'slim/' + name: slim_network(name) for name in _SLIM})
    return found


def default_names() -> List[str]:
    """Returns what is measured when nobody says what: with TensorFlow 2, Keras networks only that 1.15 lacks."""
    built = [name for name in networks() if tf.__version__.startswith('1.') or name not in _KERAS_1]
    return [*model_networks(), *built]

