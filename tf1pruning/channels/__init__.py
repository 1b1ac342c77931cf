"""Which channels of a network live and die together."""

from .analysis import Channels, Group, analyse

__all__ = ['Channels', 'Group', 'analyse']
