"""How much accuracy each weight tensor, or each group of channels, costs when it alone is compressed."""

from .analysis import Analysis, Curve, analyse_sensitivity
from .kinds import KINDS, Kind
from .suggestion import Suggestion, suggest

__all__ = ['KINDS', 'Analysis', 'Curve', 'Kind', 'Suggestion', 'analyse_sensitivity', 'suggest']
