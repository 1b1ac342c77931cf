"""Load, analyse, plan, soft-prune, strip and write: the way from a saved network to the files that tests compare."""

import os
from typing import Any, NamedTuple, Sequence

from tests.builders import Saved
from tf1pruning.channels import Channels, analyse
from tf1pruning.channels.blocks import select_groups
from tf1pruning.choice import choose
from tf1pruning.graph.inference import Input
from tf1pruning.model.checkpoint import load_checkpoint, save_checkpoint
from tf1pruning.model.frozen import save_frozen
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount


class Surgery(NamedTuple):
    """Everything made on the way.

    Attributes:
        source: the model as it is on disk.
        channels: analysis of its inference form (`channels.model`).
        plan: what goes.
        soft: prefix of the soft-pruned inference checkpoint.
        hard: prefix of the stripped inference checkpoint.
        frozen: path of the stripped `.pb`.
    """

    source: Model
    channels: Channels
    plan: PruningPlan
    soft: str
    hard: str
    frozen: str


def load(saved: Saved) -> Model:
    """Reads a saved network with its inputs, outputs and feeds."""
    inputs = {name: Input('', shape) for name, shape in saved.inputs.items()}
    return load_checkpoint(saved.prefix, saved.outputs, inputs, saved.feeds)


def channels_of(saved: Saved) -> Channels:
    """Analyses the inference form of a saved network."""
    return analyse(to_inference(load(saved)))


def operate(saved: Saved, folder: Any, scopes: Sequence[str] = ('all',), ratio: float = 0.5,
            align: int = 2) -> Surgery:
    """Prunes part of every group of the inference form and writes soft-pruned, stripped and frozen."""
    source = load(saved)
    channels = analyse(to_inference(source))
    plan = choose(channels, select_groups(channels, scopes), Amount(ratio=ratio, align=align), 'l1')
    soft = soft_prune(channels.model, channels, plan)
    hard = strip(soft, channels, plan)
    folders = [os.path.join(str(folder), name) for name in ('soft', 'hard')]
    for each in folders:
        os.mkdir(each)
    return Surgery(source, channels, plan, save_checkpoint(soft, folders[0]), save_checkpoint(hard, folders[1]),
                   save_frozen(hard, os.path.join(str(folder), 'modify.pb')))
