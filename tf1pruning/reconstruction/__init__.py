"""After pruning: the weights of what read the pruned channels, fitted to make the best of those that are left."""

from .layers import Reconstructed, reconstruct

__all__ = ['Reconstructed', 'reconstruct']
