"""What a network's channels do on examples: a calibration run, in one session, with memory for one batch."""

from .activations import Activations, activations_of, taylor_of
from .examples import Calibration
from .measuring import measure
from .moments import Moments

__all__ = ['Activations', 'Calibration', 'Moments', 'activations_of', 'measure', 'taylor_of']
