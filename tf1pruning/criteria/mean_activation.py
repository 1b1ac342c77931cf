"""Mean activation: the smaller a channel's mean magnitude, the more redundant (Polyak and Wolf, 2015)."""

from .combine import weakness
from .measured import per_tensor

mean_activation = per_tensor(lambda activations, tensor: activations.moments[tensor].magnitude, weakness)
"""Scores channels by 1 − mean |x| / (largest such mean in the tensor), over examples and positions."""
