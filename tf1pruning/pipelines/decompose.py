"""The stage that replaces kernels by low-rank and sparse branches."""

import dataclasses
import json
import os
from typing import Any, Dict, Optional, Tuple

from ..calibration import Scaling, inputs_of
from ..decomposition import METHODS, DecomposeOrder, decomposed, describe_decomposed
from ..evaluation import load_labelled
from ..files import write_text
from ..lowrank import STRUCTURES, Structure
from ..lowrank.allocation import ALLOCATIONS
from ..lowrank.costs import COSTS, KINDS
from ..model.model import Model
from ..report.counts import before_after
from ..report.rate_distortion import PICTURE, draw_rate_distortion
from ..typed_yaml import one_of, require
from .config import StageConfig
from .state import State, save


@dataclasses.dataclass(frozen=True)
class DecomposeConfig(StageConfig):
    """Replace kernels by low-rank and sparse branches.

    Attributes:
        method: fixed_params keeps a part of the cost, fixed_loss loses at most some accuracy.
        compression_factor: the part of the cost that fixed_params keeps.
        max_acc_loss: the accuracy that fixed_loss may lose.
        compression_type: hybrid, tucker (low-rank branches only) or spars (sparse ones only).
        pruning_structure: what a sparse branch keeps together: unstructured, channel, filter or block.
        block_size: incoming and outgoing channels of a block.
        sparsity_weight: an entry of a sparse branch costs as much as so many dense ones.
        cost: macs, params or latency.
        allocation: how fixed_params shares the cost out: spread or error.
        layers: kernels that take part; empty is all that can.
        exclude: kernels that are left alone.
        settings: a `decompose.json` whose ranks and densities are taken.
        data: labelled examples, for fixed_loss.
        count: how many of them.
        mean: the model takes (pixel − mean) / deviation.
        deviation: see `mean`.
        batch: how many are run at once.
    """

    name: str = 'decompose'
    method: str = 'fixed_params'
    compression_factor: Optional[float] = None
    max_acc_loss: float = 0.02
    compression_type: str = 'hybrid'
    pruning_structure: str = 'unstructured'
    block_size: Tuple[int, ...] = (4, 4)
    sparsity_weight: float = 4.0
    cost: str = 'macs'
    allocation: str = 'spread'
    layers: Tuple[str, ...] = ()
    exclude: Tuple[str, ...] = ()
    settings: Optional[str] = None
    data: Optional[str] = None
    count: Optional[int] = None
    mean: Tuple[float, ...] = (0.0,)
    deviation: Tuple[float, ...] = (255.0,)
    batch: int = 250

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        one_of(self.method, dict.fromkeys(METHODS), 'method')
        one_of(self.compression_type, dict.fromkeys(KINDS), 'compression type')
        one_of(self.pruning_structure, dict.fromkeys(STRUCTURES), 'structure')
        one_of(self.cost, dict.fromkeys((*COSTS, 'latency')), 'cost')
        one_of(self.allocation, dict.fromkeys(ALLOCATIONS), 'allocation')
        require(len(self.block_size) == 2, 'block_size: two numbers, such as [4, 4]')
        require(self.batch >= 1, 'batch must be at least 1')
        require(all(self.deviation), 'deviation must not be 0')
        require(self.settings is not None or self.method != 'fixed_loss' or self.data is not None,
                'fixed_loss measures the accuracy: give data')
        require(self.settings is not None or self.method != 'fixed_params' or self.compression_factor is not None,
                'fixed_params keeps a part of the cost: give compression_factor')
        self.order.check()

    @property
    def order(self) -> DecomposeOrder:
        """What is wanted."""
        return DecomposeOrder(self.method, self.compression_factor, self.max_acc_loss, self.compression_type,
                              Structure(self.pruning_structure, (self.block_size[0], self.block_size[-1])),
                              self.sparsity_weight, self.cost, self.allocation, self.layers, self.exclude,
                              self.settings)


def run_decompose(config: DecomposeConfig, state: State, folder: str) -> Tuple[State, Dict[str, Any]]:
    """Decomposes; the reference is the original graph with the kernels that the branches amount to."""
    before = state.load(state.model)
    made = decomposed(before, config.order, _labelled(config, before), config.batch,
                      os.path.join(folder, 'search.json'))
    reference = os.path.join(folder, 'reference')
    os.mkdir(reference)
    path = save(made.model, folder)
    record = dict(describe_decomposed(made, config.order), **before_after(before, made.model, state.model, path))
    draw_rate_distortion(os.path.join(folder, PICTURE), made.kernels, made.chosen)
    write_text(os.path.join(folder, 'decompose.json'), json.dumps(record, indent=1) + '\n')
    return state._replace(model=path, reference=save(made.reference, reference)), record


def _labelled(config: DecomposeConfig, model: Model) -> Any:
    if config.data is None or config.method != 'fixed_loss':
        return None
    return load_labelled(config.data, inputs_of(model), config.count, Scaling(config.mean, config.deviation))
