"""What a pruning loop leaves for people to look at, renewed after everything it has done."""

import os
from typing import Any, Dict, List, Mapping

import numpy as np

from ..network import Network
from ..report.history import write_history
from ..report.summaries import write_summaries
from .journal import Journal, Record

_SCALARS = ('accuracy', 'loss', 'failed_rate', 'macs', 'parameters')


class Diary:
    """Writes `history.csv`, `history.json`, `loop.png` and TensorBoard's summaries.

    Attributes:
        rows: what was noted.

    Args:
        folder: where.
        network: reads checkpoints.
        journal: remembers which summaries are written; they are not written twice.
    """

    def __init__(self, folder: str, network: Network, journal: Journal) -> None:
        self._folder, self._network, self._journal = folder, network, journal
        self.rows: List[Record] = []

    def note(self, row: Record, checkpoint: str) -> None:
        """Adds a row.

        Args:
            row: `step`, `accepted`, `macs`, `accuracy` and whatever else was measured.
            checkpoint: the network as it is now.
        """
        self.rows.append(row)
        write_history(self._folder, self.rows)
        number = len(self.rows) - 1
        self._journal.once('summary_%d' % number, lambda: self._summarise(number, row, checkpoint))

    def _summarise(self, number: int, row: Mapping[str, Any], checkpoint: str) -> Dict[str, Any]:
        scalars: Dict[str, float] = {name: row[name] for name in _SCALARS if name in row}
        scalars.update({'kept/' + group: count for group, count in row.get('kept', {}).items()})
        scalars.update({'failed_rate/' + layer: rate for layer, rate in row.get('failed_by_layer', {}).items()})
        model = self._network.load(os.path.join(self._folder, checkpoint))
        norms = {'filter_norms/' + name: filter_norms(model.weights[name]) for name, variable in model.variables.items()
                 if variable.trainable and len(variable.shape) > 1 and name in model.weights}
        write_summaries(self._folder, number, scalars, norms)
        return {'tags': len(scalars) + len(norms)}


def filter_norms(kernel: np.ndarray) -> np.ndarray:
    """Returns ‖w‖₂ of every filter; those of a depthwise kernel `[H, W, C, 1]` lie along C."""
    filters = kernel.shape[-1] if kernel.shape[-1] > 1 or kernel.ndim < 4 else kernel.shape[-2]
    return np.asarray(np.linalg.norm(kernel.reshape(-1, filters), axis=0))
