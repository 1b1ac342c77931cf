"""How good a classifier is on labelled examples, again and again with some of its weights changed."""

from .evaluator import Evaluator
from .labelled import Labelled, load_labelled
from .measured import Measured

__all__ = ['Evaluator', 'Labelled', 'Measured', 'load_labelled']
