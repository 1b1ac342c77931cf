"""Networks by name."""

from .mobilenet_v2_se import mobilenet_v2_se

__all__ = ['MODELS', 'mobilenet_v2_se']

MODELS = {'mobilenet_v2_se': mobilenet_v2_se}
"""Functions of images, a `ModelConfig` and whether to train that return logits."""
