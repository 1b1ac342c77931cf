"""What must live inside a training graph so that a compressed model stays compressed while it trains."""

from ..network import Network
from .distillation import with_distillation
from .from_meta import import_model, model_fn_from_meta, to_training
from .hold_zeros import HoldZeros, hold_zeros_op
from .magnitude_pruning import MagnitudePruning
from .recalibration import batches_of, recalibrate, require_batch_norm
from .shared_weights import SharedWeights, clusters_of
from .soft_filter_pruning import SoftFilterPruning, Style, pruning_hook
from .sparse_training import GroupLasso, NetworkSlimming, Strength
from .sparsity_schedules import ConstantSparsity, PolynomialDecay
from .warm_start import warm_start_from

__all__ = ['ConstantSparsity', 'GroupLasso', 'HoldZeros', 'MagnitudePruning', 'Network', 'NetworkSlimming',
           'PolynomialDecay', 'SharedWeights', 'SoftFilterPruning', 'Strength', 'Style', 'batches_of', 'clusters_of',
           'hold_zeros_op', 'import_model', 'model_fn_from_meta', 'pruning_hook', 'recalibrate', 'require_batch_norm',
           'to_training', 'warm_start_from', 'with_distillation']
