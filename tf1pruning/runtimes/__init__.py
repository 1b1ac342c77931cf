"""Shipped files, run by what runs them at their users': TensorFlow, the TFLite interpreter, ONNX Runtime."""

from .open import RUNTIMES, open_runtime
from .runtime import Port, Runtime, example_feeds

__all__ = ['RUNTIMES', 'Port', 'Runtime', 'example_feeds', 'open_runtime']
