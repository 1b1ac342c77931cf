"""A network before and after pruning: measured on the files, as one table, against what was promised."""

from typing import Any, Dict, List, NamedTuple

from tf1pruning.report.table import format_table

BATCH = 64
"""How many images the second latency is for: more than one hides what TensorFlow spends on each operation."""


class Measured(NamedTuple):
    """What a frozen graph is and does.

    Attributes:
        accuracy: on the test split, 0 to 1.
        parameters: learnt numbers.
        macs: multiply-accumulates for one image.
        bytes: size of the file.
        latency_ms: milliseconds for one image, one thread, median.
        batch_ms: milliseconds for a batch of `BATCH` images, one thread, median.
    """

    accuracy: float
    parameters: int
    macs: int
    bytes: int
    latency_ms: float
    batch_ms: float


class Comparison(NamedTuple):
    """Two frozen graphs, and how far the second is from the soft-pruned network.

    Attributes:
        before: the trained network.
        after: the stripped network.
        difference: largest difference of a logit, stripped vs soft-pruned, relative to the largest logit, over all
            test images.
    """

    before: Measured
    after: Measured
    difference: float

    def table(self) -> str:
        """Returns the table of before and after."""
        before, after = self.before, self.after
        rows = [['accuracy on the test split', '%.2f %%' % (100 * before.accuracy), '%.2f %%' % (100 * after.accuracy),
                 '%+.2f points' % (100 * (after.accuracy - before.accuracy))]]
        for name, field in (('parameters', 'parameters'), ('MACs', 'macs'), ('frozen graph, bytes', 'bytes')):
            first, second = getattr(before, field), getattr(after, field)
            rows.append([name, f'{first:,}', f'{second:,}', _change(first, second)])
        for name, field in (('one image', 'latency_ms'), ('%d images' % BATCH, 'batch_ms')):
            first, second = getattr(before, field), getattr(after, field)
            rows.append(['latency of %s, one thread' % name, '%.2f ms' % first, '%.2f ms' % second,
                         _change(first, second)])
        rows.append(['largest difference, stripped vs soft-pruned', '', '%.1e relative' % self.difference, ''])
        return format_table(['', 'before', 'after', 'change'], rows)

    def missed(self, tolerance: float, short: bool) -> List[str]:
        """Returns the promises that were not kept.

        Args:
            tolerance: largest difference that is rounding.
            short: whether the training was too short for the figures to mean anything; then only exactness counts,
                and that something got smaller.
        """
        before, after = self.before, self.after
        kept = {'difference at most %.0e' % tolerance: self.difference <= tolerance,
                'fewer parameters': after.parameters < before.parameters, 'fewer MACs': after.macs < before.macs,
                'a smaller file': after.bytes < before.bytes}
        if not short:
            kept.update({'at least 97 % before': before.accuracy >= 0.97,
                         'at most 1 point lower': after.accuracy >= before.accuracy - 0.01,
                         'at least 50 % fewer MACs': after.macs <= 0.5 * before.macs,
                         'at least 45 % fewer parameters': after.parameters <= 0.55 * before.parameters})
        return [promise for promise, is_kept in kept.items() if not is_kept]

    def to_json(self) -> Dict[str, Any]:
        """Returns everything as plain data."""
        return {'before': self.before._asdict(), 'after': self.after._asdict(), 'difference': self.difference}


def _change(before: float, after: float) -> str:
    return '%+.1f %%' % (100.0 * (after - before) / before)
