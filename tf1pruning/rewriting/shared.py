"""Share weights, write and prove in one go."""

import time
from typing import Any, Dict, List, Optional, Sequence

from ..clustering import ClusterSelection
from ..model.model import Model
from ..passes.share_weights import Shared, prove_shared, share_weights
from ..pipeline import Stage, Stages
from .writing import Place, write_changed

REPORT = 'cluster.json'
FOLDER = 'Clustered_Dir'


def stages_of(model: Model, selection: ClusterSelection) -> List[str]:
    """Returns the names of all stages: the tensors first."""
    return [*selection.tensors(model), 'write', 'prove', 'measure']


def write_shared(model: Model, source: str, output: str, selection: ClusterSelection, force: bool = False,
                 keep: Sequence[str] = (), tell: Optional[Stage] = None) -> Dict[str, Any]:
    """Gives a model shared values, and writes it as the kind it is, a training graph with its optimizer.

    Args:
        model: the model as it was read, with outputs, inputs and feeds.
        source: the path it was read from.
        output: the folder.
        selection: which weights share values, and how many.
        force: whether an earlier result is replaced.
        keep: other files that must not be lost with it, such as that of the bits.
        tell: called with the name of every stage.

    Returns:
        The content of `cluster.json`.

    Raises:
        OptionError: an option is out of its range, or there is nothing to share.
        NameNotFoundError: the model has no weight tensor of a name.
        VerificationError: what was written is not what should be; nothing is left behind.
    """
    stages = Stages(tell)

    def change() -> Shared:
        start = time.perf_counter()
        made = share_weights(model, selection, tell)
        stages.seconds['cluster'] = round(time.perf_counter() - start, 4)
        return made
    return write_changed(model, Place(source, output, REPORT, FOLDER, force, keep), stages, change,
                         lambda written, made: prove_shared(model, written, made, selection),
                         lambda made: describe_shared(made, selection))


def describe_shared(made: Shared, selection: ClusterSelection) -> Dict[str, Any]:
    """Counts weights, values and zeros, of each tensor and of all."""
    return {'method': selection.method, 'preserve_sparsity': selection.preserve_sparsity,
            'weights': sum(tensor.weights for tensor in made.tensors),
            'values': {'before': sum(tensor.values_before for tensor in made.tensors),
                       'after': sum(tensor.values for tensor in made.tensors)},
            'zeros': {'before': sum(tensor.zeros_before for tensor in made.tensors),
                      'after': sum(tensor.zeros for tensor in made.tensors)},
            'distortion': sum(tensor.distortion for tensor in made.tensors),
            'tensors': [tensor.to_json() for tensor in made.tensors]}
