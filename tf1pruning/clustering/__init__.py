"""Weight sharing: few values in place of many, tensor by tensor."""

from .selection import ClusterSelection
from .shared import METHODS, Clustered, check_clusters, shared_values

__all__ = ['METHODS', 'ClusterSelection', 'Clustered', 'check_clusters', 'shared_values']
