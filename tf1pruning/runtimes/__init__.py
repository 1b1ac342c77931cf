"""Shipped files, run by what runs them at their users': TensorFlow, the TFLite interpreter, ONNX Runtime."""

from .open import RUNTIMES, open_runtime
from .runtime import Port, Runtime

__all__ = ['RUNTIMES', 'Port', 'Runtime', 'open_runtime']
