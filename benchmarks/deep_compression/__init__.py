"""Deep compression of the LeNets on MNIST: pruned, weights shared, packed; see `__main__.py`."""
