"""Sparsify, write and prove in one go."""

from typing import Any, Dict, Optional, Sequence

from ..model.model import Model
from ..passes.sparse_proof import prove_sparse
from ..passes.sparsify import Sparsified, sparsify
from ..pipeline import Stage, Stages
from ..sparsity import SparsitySelection
from .writing import Place, write_changed

STAGES = ('sparsify', 'write', 'prove', 'measure')
REPORT = 'sparsify.json'
FOLDER = 'Sparse_Dir'


def write_sparse(model: Model, source: str, output: str, selection: SparsitySelection, force: bool = False,
                 keep: Sequence[str] = (), tell: Optional[Stage] = None) -> Dict[str, Any]:
    """Makes a model sparse, and writes it as the kind it is, a training graph with its optimizer.

    Args:
        model: the model as it was read, with outputs, inputs and feeds.
        source: the path it was read from.
        output: the folder.
        selection: what becomes sparse.
        force: whether an earlier result is replaced.
        keep: other files that must not be lost with it, such as that of the levels.
        tell: called with the name of every stage.

    Returns:
        The content of `sparsify.json`.

    Raises:
        OptionError: an option is out of its range, or nothing is left to make sparse.
        NameNotFoundError: the model has no weight tensor of a name.
        VerificationError: what was written is not what should be; nothing is left behind.
    """
    stages = Stages(tell)

    def change() -> Sparsified:
        with stages('sparsify'):
            return sparsify(model, selection)
    return write_changed(model, Place(source, output, REPORT, FOLDER, force, keep), stages, change,
                         lambda written, made: prove_sparse(model, written, made),
                         lambda made: describe_sparse(made, selection))


def describe_sparse(made: Sparsified, selection: SparsitySelection) -> Dict[str, Any]:
    """Counts weights and zeros, of each tensor and of all."""
    weights = sum(tensor.weights for tensor in made.tensors)
    zeros = sum(tensor.zeros for tensor in made.tensors)
    return {'structure': str(selection.structure), 'together': selection.together, 'weights': weights,
            'zeros': {'before': sum(tensor.zeros_before for tensor in made.tensors), 'after': zeros},
            'sparsity': zeros / weights, 'tensors': [tensor.to_json() for tensor in made.tensors]}
