"""What is alike in every change of weights: where it is written, how it is read again, and what is reported."""

import json
import os
from typing import Any, Callable, Dict, NamedTuple, Sequence

from ..files import write_text
from ..model.load import load_model
from ..model.model import Model
from ..model.save import save_model
from ..output_folder import output_folder
from ..pipeline import Stages, runnable_part
from ..report.counts import before_after_files
from .output_change import output_change


class Place(NamedTuple):
    """From where to where.

    Attributes:
        source: the path that the model was read from.
        output: the folder for the results.
        report: in it, the name of the report.
        folder: in it, the folder of the model.
        force: whether an earlier result is replaced.
        keep: other files that must not be lost with it.
    """

    source: str
    output: str
    report: str
    folder: str
    force: bool = False
    keep: Sequence[str] = ()


def write_changed(model: Model, place: Place, stages: Stages, change: Callable[[], Any],
                  prove: Callable[[Model, Any], None], describe: Callable[[Any], Dict[str, Any]]) -> Dict[str, Any]:
    """Changes a model, and writes it as the kind it is, a training graph with its optimizer.

    Args:
        model: the model as it was read, with outputs, inputs and feeds.
        place: from where to where.
        stages: takes the time of `write`, `prove` and `measure`.
        change: makes what has the changed model as its `model`.
        prove: compares what was made with the model that is read again from its files.
        describe: says what was made, for the report.

    Returns:
        The content of the report.

    Raises:
        VerificationError: what was written is not what should be; nothing is left behind.
    """
    with output_folder(place.output, place.force, [place.source, *place.keep], (place.report, place.folder)) as folder:
        before, made = runnable_part(model), change()
        with stages('write'):
            path = save_model(made.model, os.path.join(folder, place.folder))
        with stages('prove'):
            written = load_model(path, model.outputs, model.inputs, model.feeds)
            prove(written, made)
            moved = output_change(before, made.model, written)
        with stages('measure'):
            report = dict(describe(made), output_change=moved, **before_after_files(place.source, path))
        report.update(path=os.path.join(place.folder, os.path.basename(path)), seconds=stages.seconds)
        write_text(os.path.join(folder, place.report), json.dumps(report, indent=1) + '\n')
    return report
