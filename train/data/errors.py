"""What can be wrong with images in files."""

from tf1pruning.errors import PruningError


class DataError(PruningError, ValueError):
    """Images or labels are missing, damaged, or not what the configuration says."""
