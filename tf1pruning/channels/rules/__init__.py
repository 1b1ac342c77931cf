"""The rules by family of operations; importing this registers them all."""

from . import arrangement, control, convolution, elementwise, mixing, normalization, parameters, spatial
from .registry import RULES, Facts, Literal, Operation, Part, Pin, RefusedError, Seen

__all__ = ['Facts', 'Literal', 'Operation', 'Part', 'Pin', 'RULES', 'RefusedError', 'Seen', 'arrangement',
           'control', 'convolution', 'elementwise', 'mixing', 'normalization', 'parameters', 'spatial']
