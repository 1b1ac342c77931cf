"""What must live inside a training graph so that a compressed model stays compressed while it trains."""

from .hold_zeros import HoldZeros, hold_zeros_op
from .warm_start import warm_start_from

__all__ = ['HoldZeros', 'hold_zeros_op', 'warm_start_from']
