"""Examples of what a model is fed, from files: to measure activations on, and to compare exports with."""

from .examples import Example, Scaling, load_examples

__all__ = ['Example', 'Scaling', 'load_examples']
