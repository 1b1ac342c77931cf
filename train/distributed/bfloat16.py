"""Training in bfloat16 on CPUs, by oneDNN's automatic mixed precision."""

import os
from typing import Any, Set

from tf1pruning.errors import UnsupportedError
from tf1pruning.tf1 import tf

IN_FLOAT32 = frozenset(kind + version for kind in ('FusedBatchNorm', 'FusedBatchNormGrad') for version in (
    '', 'V2', 'V3'))
"""What stays in float32: oneDNN's batch norm in bfloat16 is fast for multiples of 16 channels alone, which pruned
networks seldom have; of 24 channels it takes nine times as long as in float32."""
LISTS = 'TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_%s'
"""TensorFlow's variables of the environment for operations that are converted (INFERLIST), and that never are."""


def switch_on_bfloat16(rewriting: Any) -> None:
    """Lets convolutions and products be computed in bfloat16.

    TensorFlow takes from the environment what stays in float32; lists that a user has set there are kept.

    Args:
        rewriting: the `RewriterConfig` of the session's options.

    Raises:
        UnsupportedError: this TensorFlow has no bfloat16 on CPUs.
    """
    if not hasattr(rewriting, 'auto_mixed_precision_onednn_bfloat16'):
        raise UnsupportedError('bfloat16: TensorFlow %s has none on CPUs: leave it out, or use TensorFlow 2.x'
                               % tf.__version__)
    rewriting.auto_mixed_precision_onednn_bfloat16 = rewriting.ON
    for name in (LISTS % 'INFERLIST_REMOVE', LISTS % 'DENYLIST_ADD'):
        listed: Set[str] = {each for each in os.environ.get(name, '').split(',') if each}
        os.environ[name] = ','.join(sorted(listed | IN_FLOAT32))
