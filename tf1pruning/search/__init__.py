"""Budgets: how far a network can be pruned before it costs too much accuracy."""

from ..network import Network
from .finish import Finish
from .loop import prune_loop
from .settings import LoopResult, LoopSettings
from .steps import Step, parse_step

__all__ = ['Finish', 'LoopResult', 'LoopSettings', 'Network', 'Step', 'parse_step', 'prune_loop']
