"""Makes TensorFlow 1.x models smaller and faster, and proves that nothing else changed."""

from .errors import PruningError
from .pruning import Pruning

__version__ = '0.1.0'
__all__ = ['Pruning', 'PruningError', '__version__']
