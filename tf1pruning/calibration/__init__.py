"""Examples of what a model is fed, from files: to measure activations on, and to compare exports with."""

from .examples import Example, Scaling, load_examples
from .wanted import Wanted, inputs_of

__all__ = ['Example', 'Scaling', 'Wanted', 'inputs_of', 'load_examples']
