"""Share weights, write and prove in one go."""

import json
import os
import time
from typing import Any, Dict, List, Optional, Sequence

from .clustering import ClusterSelection
from .files import write_text
from .model.load import load_model
from .model.model import Model
from .model.save import save_model
from .output_change import output_change
from .output_folder import output_folder
from .passes.share_weights import Shared, prove_shared, share_weights
from .pipeline import Stage, Stages, runnable_part
from .report.counts import before_after_files

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
    with output_folder(output, force, [source, *keep], (REPORT, FOLDER)) as folder:
        before, start = runnable_part(model), time.perf_counter()
        made = share_weights(model, selection, tell)
        stages.seconds['cluster'] = round(time.perf_counter() - start, 4)
        with stages('write'):
            path = save_model(made.model, os.path.join(folder, FOLDER))
        with stages('prove'):
            written = load_model(path, model.outputs, model.inputs, model.feeds)
            prove_shared(model, written, made, selection)
            change = output_change(before, made.model, written)
        with stages('measure'):
            report = dict(describe_shared(made, selection), output_change=change, **before_after_files(source, path))
        report.update(path=os.path.join(FOLDER, os.path.basename(path)), seconds=stages.seconds)
        write_text(os.path.join(folder, REPORT), json.dumps(report, indent=1) + '\n')
    return report


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
