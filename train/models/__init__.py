"""Networks by name."""

from .fashion_cnn import fashion_cnn
from .imported import imported
from .lenet_5 import lenet_5
from .lenet_300_100 import lenet_300_100
from .mobilenet_v1 import mobilenet_v1
from .mobilenet_v2 import mobilenet_v2
from .mobilenet_v3 import mobilenet_v3
from .resnet_cifar import resnet_cifar
from .vgg_cifar import vgg_cifar

__all__ = ['MODELS']

MODELS = {
    'fashion_cnn': fashion_cnn, 'imported': imported, 'lenet_300_100': lenet_300_100, 'lenet_5': lenet_5,
    'mobilenet_v1': mobilenet_v1, 'mobilenet_v2': mobilenet_v2, 'mobilenet_v2_se': mobilenet_v2,
    'mobilenet_v3_large': mobilenet_v3, 'mobilenet_v3_small': mobilenet_v3, 'resnet_cifar': resnet_cifar,
    'vgg_cifar': vgg_cifar}
"""Functions of images, the network's configuration and whether to train that return logits."""
