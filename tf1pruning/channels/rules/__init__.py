"""The rules by family of operations; importing this registers them all."""

from . import arrangement, control, convolution, elementwise, mixing, normalization, parameters, spatial
from .registry import RULES, Facts, Literal, Operation, Pin, Refused, Seen

__all__ = ['Facts', 'Literal', 'Operation', 'Pin', 'RULES', 'Refused', 'Seen', 'arrangement', 'control',
           'convolution', 'elementwise', 'mixing', 'normalization', 'parameters', 'spatial']
