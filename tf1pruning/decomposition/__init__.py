"""Decomposition in one go: choose ranks and densities, decompose, write, compare and report."""

from .choosing import Decomposed, decomposed
from .order import METHODS, DecomposeOrder
from .writing import STAGES, describe_decomposed, write_decomposed

__all__ = ['METHODS', 'STAGES', 'DecomposeOrder', 'Decomposed', 'decomposed', 'describe_decomposed', 'write_decomposed']
