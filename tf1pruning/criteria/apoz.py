"""APoZ: the average percentage of zeros among activations (Hu et al., Network Trimming, arXiv 1607.03250)."""

from .measured import per_tensor

apoz = per_tensor(lambda activations, tensor: activations.moments[tensor].zero_fraction, lambda scores: scores)
"""Scores channels by the fraction of zeros over examples and positions, behind their activation function."""
