"""The end of the demo: the pruned network in every format, and a report of the whole run."""

import os
from typing import Any, Dict

from tf1pruning.exports.delivery import Order, Source, deliver
from tf1pruning.exports.formats import FORMATS, Settings
from tf1pruning.model.frozen import load_frozen
from tf1pruning.pipeline import runnable_part
from tf1pruning.plan import PruningPlan
from tf1pruning.report import REPORTS
from tf1pruning.report.run import gather
from tf1pruning.report.table import format_table
from tf1pruning.report.writing import write_report

from .classifier import Classifier

SHIPPED = 'shipped'
_EXAMPLES = 100


def ship(classifier: Classifier, before: str, after: str, plan: PruningPlan, folder: str) -> str:
    """Exports the pruned network in all formats, each compared with it, and certifies them.

    What a format rounds to int8 differs as it does: it is shown, not judged.

    Args:
        classifier: has the images that activations are measured on.
        before: the frozen graph of the trained network.
        after: that of the pruned one.
        plan: what was pruned.
        folder: where the files go.

    Returns:
        A table of the files.
    """
    images, _ = classifier.images.train.arrays()
    examples = [{'input:0': images[number:number + 1]} for number in range(min(_EXAMPLES, len(images)))]
    first, second = (Source(runnable_part(load_frozen(path, classifier.network.outputs)), path)
                     for path in (before, after))
    os.makedirs(folder)
    certificate = deliver(second, Order(list(FORMATS), Settings(examples), allow_difference=True), folder, first,
                          plan.content())
    return format_table(['file', 'bytes before', 'bytes after', 'change', 'differs by'], [
        _row(each) for each in certificate['files']])


def report(folder: str) -> str:
    """Writes the report of a run into its folder; returns its path."""
    path = os.path.join(folder, REPORTS['html'])
    write_report(gather(folder), path, 'html')
    return path


def _row(each: Dict[str, Any]) -> Any:
    before = each['before']['bytes']
    return [each['path'], f'{before:,}', f"{each['bytes']:,}", '%+.1f %%' % (100 * (each['bytes'] - before) / before),
            '%.1e relative' % each['difference']['relative']]
