"""How long shipped files take, measured where they run."""

from .interleaved import Row, compare_files
from .operations import Operation, profile

__all__ = ['Operation', 'Row', 'compare_files', 'profile']
