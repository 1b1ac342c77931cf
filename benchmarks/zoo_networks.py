"""The architectures of `benchmarks.zoo`: Keras applications, slim nets, and small ones that those lack."""

from typing import Callable, Dict, Tuple

from tf1pruning.tf1 import tf

Builder = Callable[[], Tuple[tf.Tensor, tf.Tensor]]
"""Builds a network in the default graph; returns its input placeholder and its output."""

_KERAS: Dict[str, Tuple[int, str]] = {
    'MobileNet': (224, ''), 'MobileNetV2': (224, ''), 'NASNetMobile': (224, ''), 'NASNetLarge': (331, ''),
    'DenseNet121': (224, ''), 'DenseNet169': (224, ''), 'DenseNet201': (224, ''), 'InceptionV3': (299, ''),
    'InceptionResNetV2': (299, ''), 'ResNet50': (224, ''), 'ResNet101': (224, ''), 'ResNet152': (224, ''),
    'ResNet50V2': (224, ''), 'ResNet101V2': (224, ''), 'ResNet152V2': (224, ''), 'VGG16': (224, ''),
    'VGG19': (224, ''), 'Xception': (299, ''), 'MobileNetV3Small': (224, ''), 'MobileNetV3Large': (224, ''),
    'EfficientNetB0': (224, ''), 'EfficientNetB1': (240, ''), 'EfficientNetB2': (260, ''),
    'EfficientNetB3': (300, ''), 'EfficientNetB4': (380, ''), 'EfficientNetB5': (456, ''),
    'EfficientNetB6': (528, ''), 'EfficientNetB7': (600, ''), 'EfficientNetV2B0': (224, ''),
    'EfficientNetV2B1': (240, ''), 'EfficientNetV2B2': (260, ''), 'EfficientNetV2B3': (300, ''),
    'RegNetX002': (224, ''), 'RegNetY002': (224, ''), 'ConvNeXtTiny': (224, ''), 'ResNetRS50': (224, ''),
}


def keras_network(name: str) -> Builder:
    """Returns the builder of a network of `tf.keras.applications`, with random weights and 1,000 classes."""
    def build() -> Tuple[tf.Tensor, tf.Tensor]:
        size = _KERAS[name][0]
        network = getattr(tf.keras.applications, name)(weights=None, input_shape=(size, size, 3))
        return network.inputs[0], network.outputs[0]
    return build


def networks() -> Dict[str, Builder]:
    """Returns the builders of all architectures that this TensorFlow can build."""
    return {name: keras_network(name) for name in _KERAS if hasattr(tf.keras.applications, name)}
