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
from .facts import Divided, Facts, Literal, Part, Picked, Pin, Seen
from .registry import RULES, Operation, RefusedError, apply_rule

__all__ = ['Divided', 'Facts', 'Literal', 'Operation', 'Part', 'Picked', 'Pin', 'RULES', 'RefusedError', 'Seen',
           'apply_rule', 'arrangement', 'control', 'convolution', 'elementwise', 'mixing', 'normalization',
           'parameters', 'products', 'quantization', 'repetition', 'slicing', 'spatial']
