"""The hook that a configuration asks for, to prune weights while a network trains."""

from tf1pruning.network import Network
from tf1pruning.training import ConstantSparsity, MagnitudePruning, PolynomialDecay
from tf1pruning.training.sparsity_schedules import Schedule

from .config import SparsifyConfig


def sparsifying(config: SparsifyConfig, network: Network) -> MagnitudePruning:
    """Returns the hook.

    Args:
        config: what becomes zero, and when.
        network: which part of the graph is the network.
    """
    def schedule(final: float) -> Schedule:
        if config.schedule == 'constant':
            return ConstantSparsity(config.begin, config.end, config.frequency, final)
        return PolynomialDecay(config.begin, config.end, config.frequency, config.initial, final)
    if config.levels:
        return MagnitudePruning(network, {name: schedule(level) for name, level in config.levels.items()},
                                config.structure, exclude=config.exclude)
    return MagnitudePruning(network, schedule(config.final), config.structure, config.together, config.tensors,
                            config.exclude)
