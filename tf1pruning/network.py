"""Which part of a graph is the network: from where to where."""

from typing import Any, Dict, Mapping, Optional, Sequence, Union

import numpy as np

from .channels import analyse
from .errors import OptionError
from .graph.inference import Scalar
from .model.checkpoint import load_checkpoint
from .model.model import Model
from .passes.soft_prune import zeros_of
from .passes.to_inference import to_inference
from .plan import PruningPlan
from .workbench import parse_input

AVERAGE = '/ExponentialMovingAverage'
"""Behind a weight's name: what `tf.train.ExponentialMovingAverage` calls its average."""


class Network:
    """Says which part of a graph is the network, for everything that a training program does with checkpoints.

    Attributes:
        outputs: names of the output nodes.
        inputs: tensors to cut at, by name.
        feeds: values of placeholders that are no inputs.
        averages: whether moving averages of the weights are the weights.

    Args:
        outputs: names of the output nodes, separated by commas, or a list of them.
        inputs: tensor of the graph → the placeholder that stands for it, as in `Pruning(input_tensors_map=…)`, such
            as `{'IteratorGetNext:0': ('input', [None, 32, 32, 3])}`.
        feeds: e.g. `{'is_training': False}`.
        averages: reads `<weight>/ExponentialMovingAverage` in the place of every trainable weight that a checkpoint has
            this of; for programs that evaluate with the averages, so that these are what is pruned and shipped.

    Raises:
        OptionError: no output is named.
    """

    def __init__(self, outputs: Union[str, Sequence[str]], inputs: Optional[Mapping[Any, Any]] = None,
                 feeds: Optional[Mapping[str, Scalar]] = None, averages: bool = False) -> None:
        names = outputs.split(',') if isinstance(outputs, str) else outputs
        self.outputs = tuple(name.strip() for name in names if name.strip())
        if not self.outputs:
            raise OptionError("%r names no outputs: name the output nodes, such as Network('logits')" % (outputs,))
        self.inputs = dict(parse_input(tensor, value) for tensor, value in (inputs or {}).items())
        self.feeds = dict(feeds or {})
        self.averages = averages

    def load(self, checkpoint: str) -> Model:
        """Reads a checkpoint of this network.

        Raises:
            ModelError: it is missing or damaged.
        """
        model = load_checkpoint(checkpoint, self.outputs, self.inputs, self.feeds)
        return _averaged(model) if self.averages else model

    def zeros(self, checkpoint: str, plan: PruningPlan) -> Dict[str, Dict[int, np.ndarray]]:
        """Returns what a plan sets to zero, variable → axis → indices; for `training.HoldZeros`.

        Raises:
            ModelError: the checkpoint is missing or damaged.
            PlanError: the plan is for another network.
        """
        return zeros_of(analyse(to_inference(self.load(checkpoint))), plan)


def _averaged(model: Model) -> Model:
    """Returns a model whose trainable weights are their averages, where there are some."""
    names = [name for name, variable in model.variables.items()
             if variable.trainable and name + AVERAGE in model.weights]
    return model.replace(weights=model.weights.replaced({name: model.weights.lazy(name + AVERAGE) for name in names}))
