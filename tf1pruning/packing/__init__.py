"""Packed models: entropy-coded weights and their graph in one file, `.tfp`."""

from .reading import PackedModel, opened, unpack
from .report import PackedTensor, Packing
from .writing import pack

__all__ = ['PackedModel', 'PackedTensor', 'Packing', 'opened', 'pack', 'unpack']
