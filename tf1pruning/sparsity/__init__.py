"""Which weights of a tensor stay, by their magnitude: one by one, or in units of a structure."""

from .masks import global_masks, kept_count, mask_of
from .selection import SparsitySelection
from .structure import STRUCTURES, Structure, check_sparsity, parse_structure

__all__ = ['STRUCTURES', 'SparsitySelection', 'Structure', 'check_sparsity', 'global_masks', 'kept_count', 'mask_of',
           'parse_structure']
