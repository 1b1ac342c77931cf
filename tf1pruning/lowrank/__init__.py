"""Kernels as sums of low rank and sparse ones: the solver, what it costs, and how a budget is shared out."""

from .branches import Branches
from .solver import Ranks, decompose
from .structures import STRUCTURES, UNSTRUCTURED, Structure

__all__ = ['STRUCTURES', 'UNSTRUCTURED', 'Branches', 'Ranks', 'Structure', 'decompose']
