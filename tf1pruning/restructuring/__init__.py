"""Channels that are constant, or copies of others, leave a network: what is provable, and what examples show."""

from .order import FoldOrder
from .running import Restructured, restructure

__all__ = ['FoldOrder', 'Restructured', 'restructure']
