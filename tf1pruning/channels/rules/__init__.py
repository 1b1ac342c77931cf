"""The rules by family of operations; importing this registers them all."""

from . import (
    arrangement,
    control,
    convolution,
    elementwise,
    mixing,
    normalization,
    parameters,
    products,
    quantization,
    repetition,
    slicing,
    spatial,
)
from .registry import RULES, Divided, Facts, Literal, Operation, Part, Picked, Pin, RefusedError, Seen

__all__ = ['Divided', 'Facts', 'Literal', 'Operation', 'Part', 'Picked', 'Pin', 'RULES', 'RefusedError', 'Seen',
           'arrangement', 'control', 'convolution', 'elementwise', 'mixing', 'normalization', 'parameters', 'products',
           'quantization', 'repetition', 'slicing', 'spatial']
