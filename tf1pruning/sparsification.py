"""Sparsify, write and prove in one go."""

import json
import os
from typing import Any, Dict, Optional, Sequence

from .files import write_text
from .model.load import load_model
from .model.model import Model
from .model.save import save_model
from .output_change import output_change
from .output_folder import output_folder
from .passes.sparse_proof import prove_sparse
from .passes.sparsify import Sparsified, sparsify
from .pipeline import Stage, Stages, runnable_part
from .report.counts import before_after_files
from .sparsity import SparsitySelection

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
    with output_folder(output, force, [source, *keep], (REPORT, FOLDER)) as folder:
        with stages('sparsify'):
            before = runnable_part(model)
            made = sparsify(model, selection)
        with stages('write'):
            path = save_model(made.model, os.path.join(folder, FOLDER))
        with stages('prove'):
            written = load_model(path, model.outputs, model.inputs, model.feeds)
            prove_sparse(model, written, made)
            change = output_change(before, made.model, written)
        with stages('measure'):
            report = dict(describe_sparse(made, selection), output_change=change,
                          **before_after_files(source, path))
        report.update(path=os.path.join(FOLDER, os.path.basename(path)), seconds=stages.seconds)
        write_text(os.path.join(folder, REPORT), json.dumps(report, indent=1) + '\n')
    return report


def describe_sparse(made: Sparsified, selection: SparsitySelection) -> Dict[str, Any]:
    """Counts weights and zeros, of each tensor and of all."""
    weights = sum(tensor.weights for tensor in made.tensors)
    zeros = sum(tensor.zeros for tensor in made.tensors)
    return {'structure': str(selection.structure), 'together': selection.together, 'weights': weights,
            'zeros': {'before': sum(tensor.zeros_before for tensor in made.tensors), 'after': zeros},
            'sparsity': zeros / weights, 'tensors': [tensor.to_json() for tensor in made.tensors]}
