"""First-order Taylor: channels whose loss the loss would notice least go (Molchanov et al., arXiv 1611.06440)."""

from .combine import weakness
from .measured import per_tensor

taylor = per_tensor(lambda activations, tensor: activations.taylor[tensor], weakness)
"""Scores channels by 1 − t / (largest t in the tensor), with t the mean over examples of |Σ activation × gradient|."""
