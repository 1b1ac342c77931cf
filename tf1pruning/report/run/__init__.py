"""What a run has left in its folder: plan, counts, history, networks, certificate and benchmark, as one value."""

from .gathered import PARTS, Run, gather

__all__ = ['PARTS', 'Run', 'gather']
