"""The weights of a model, tensor by tensor: which there are, and putting others in their place."""

from .replacing import with_values
from .tensors import WeightTensor, chosen, weight_tensors

__all__ = ['WeightTensor', 'chosen', 'weight_tensors', 'with_values']
