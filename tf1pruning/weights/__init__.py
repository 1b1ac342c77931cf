"""The weights of a model, tensor by tensor: which there are, and putting others in their place."""

from .replacing import with_values
from .tensors import WeightTensor, below, chosen, weight_tensors

__all__ = ['WeightTensor', 'below', 'chosen', 'weight_tensors', 'with_values']
