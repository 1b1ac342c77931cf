"""Checkpoints of a pruning loop: channels are chosen and set to zero, and counted where they came back."""

import os
from typing import Any, Dict, Mapping, Optional

import numpy as np

from ..channels import Channels, analyse
from ..channels.cost_model import CostModel
from ..choice import Selection
from ..dictionaries import unconverged_filters
from ..errors import ModelError, OptionError
from ..files import atomic_folder
from ..model.checkpoint import save_checkpoint
from ..model.model import Model
from ..network import Network
from ..passes.soft_prune import soft_prune
from ..passes.to_inference import to_inference
from ..pipeline import some_of
from ..plan import PruningPlan, removed_ids
from .settings import LoopSettings
from .steps import Step

ZERO = 1e-9
"""A slice with Σ|w| below this counts as zero."""


def choose_and_zero(network: Network, checkpoint: str, step: Step, settings: LoopSettings, folder: str,
                    earlier: Optional[PruningPlan] = None) -> Dict[str, Any]:
    """Chooses the channels that go by the weights as they are now, and sets them to zero.

    Args:
        network: reads checkpoints.
        checkpoint: where the step begins.
        step: how much goes.
        settings: of what, and by what criterion.
        folder: where checkpoint and plan are written.
        earlier: the plan of the step before, whose channels are among those that go.

    Returns:
        Where they are, and what remains.
    """
    model = network.load(checkpoint)
    channels = analyse(to_inference(model))
    plan = _choice(step, settings)._replace(earlier=earlier).plan(channels)
    with atomic_folder(folder) as temporary:
        plan.save(os.path.join(temporary, 'plan.json'))
        prefix = save_checkpoint(soft_prune(model, channels, plan), temporary)
    return {'checkpoint': os.path.join(folder, os.path.basename(prefix)), 'plan': os.path.join(folder, 'plan.json'),
            **remains(channels, plan)}


def try_steps(network: Network, checkpoint: str, settings: LoopSettings) -> None:
    """Makes the choice of every step, so that one that cannot be made is known before anything is trained.

    Raises:
        NameNotFoundError: a scope matches nothing.
        NothingToPruneError: nothing of the scopes can be pruned.
        OptionError: a target cannot be met, or nothing is left to choose from.
    """
    channels = analyse(to_inference(network.load(checkpoint)))
    for step in settings.steps:
        try:
            some_of(_choice(step, settings).plan(channels))
        except OptionError as error:
            raise OptionError('%s: %s' % (step, error)) from error


def _choice(step: Step, settings: LoopSettings) -> Selection:
    return Selection(step.amount(settings.limits), settings.scopes, settings.exclude, settings.criterion,
                     settings.combine)


def refuse_no_numbers(network: Network, checkpoint: str) -> None:
    """Checks what a training has left.

    Raises:
        ModelError: a parameter holds something infinite, or what is no number.
    """
    model = to_inference(network.load(checkpoint))
    for name in model.variables:
        if name in model.weights and not np.isfinite(model.weights[name]).all():
            raise ModelError('%s: %s is not finite any more: remove the folder, and train at a lower learning rate'
                             % (checkpoint, name))


def zero(network: Network, checkpoint: str, plan: PruningPlan, folder: str) -> str:
    """Sets the channels of a plan to zero.

    Args:
        network: reads checkpoints.
        checkpoint: of the network.
        plan: what goes.
        folder: where the result is written.

    Returns:
        Prefix of the result.
    """
    model = network.load(checkpoint)
    return save_whole(soft_prune(model, analyse(to_inference(model)), plan), folder)


def save_whole(model: Model, folder: str) -> str:
    """Writes a model as the checkpoint of a folder, which is there whole or not at all; returns the prefix."""
    with atomic_folder(folder) as temporary:
        prefix = save_checkpoint(model, temporary)
    return os.path.join(folder, os.path.basename(prefix))


def remains(channels: Channels, plan: PruningPlan) -> Dict[str, Any]:
    """Returns MACs, parameters and the channels of each group that a plan leaves."""
    costs, kept = CostModel(channels), ~removed_ids(channels, plan)
    return {'macs': costs.macs(kept), 'parameters': costs.parameters(kept),
            'kept': {group.name: len(group.kept) for group in plan.groups}}


def whole(network: Network, checkpoint: str) -> Mapping[str, int]:
    """Returns MACs and parameters of a network."""
    model = CostModel(analyse(to_inference(network.load(checkpoint))))
    return {'macs': model.macs(model.everything()), 'parameters': model.parameters(model.everything())}


def failed_filters(channels: Channels, plan: PruningPlan) -> Dict[str, Any]:
    """Returns `failed_rate`, the part of the chosen filters that are not zero, and the same for each convolution."""
    found = unconverged_filters(channels, channels.model, plan, ZERO)
    chosen = sum(count for _, _, count in found)
    failed = sum(len(rest) for _, rest, _ in found)
    return {'failed_rate': failed / chosen if chosen else 0.0,
            'failed_by_layer': {node: len(rest) / count for node, rest, count in found if count}}
