"""Which channels of a network live and die together."""

from .analysis import Channels, analyse
from .groups import Group

__all__ = ['Channels', 'Group', 'analyse']
