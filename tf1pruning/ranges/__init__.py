"""What values tensors can have whatever the inputs are, channel by channel: interval arithmetic over a graph."""

from .analysis import Ranges
from .interval import Interval

__all__ = ['Interval', 'Ranges']
