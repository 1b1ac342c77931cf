"""Inference model → frozen model with fewer operations."""

from ..model.frozen import freeze
from ..model.model import Model
from ..passes.drop_passing import drop_passing
from ..passes.fold_batch_norms import fold_batch_norms


def folded(model: Model) -> Model:
    """Returns a model in inference form, frozen, with batch norms in the layers before them and without identities."""
    return drop_passing(freeze(fold_batch_norms(model)))
