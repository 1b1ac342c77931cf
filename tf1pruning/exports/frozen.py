"""Inference model → frozen graph, as it is or with fewer operations."""

from typing import Optional

from ..errors import VerificationError
from ..model.frozen import save_frozen
from ..model.model import Model
from ..passes.drop_passing import drop_passing
from ..passes.fold_batch_norms import fold_batch_norms
from ..verify import Difference, difference_of

TOLERANCE = 1e-4
"""Largest relative difference that other products in another order may make."""


def export_frozen(model: Model, path: str, fold: bool = False) -> Optional[Difference]:
    """Writes a frozen graph.

    Args:
        model: in inference form.
        path: the `.pb`.
        fold: fold batch norms into the layers before them and leave out what only passes values on; the result is run
            beside the model before it is written.

    Returns:
        What folding changed; None if nothing was folded.

    Raises:
        VerificationError: more than rounding.
        OutputError: the place cannot be written.
    """
    if not fold:
        save_frozen(model, path)
        return None
    folded = drop_passing(fold_batch_norms(model))
    difference = difference_of(model, folded)
    if not difference.relative <= TOLERANCE:
        raise VerificationError('folded batch norms change output %s by %.2e relative, more than rounding does: leave '
                                'out --fold; nothing was written' % (difference.output, difference.relative))
    save_frozen(folded, path)
    return difference
