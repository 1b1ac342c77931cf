"""Where retraining begins: at a soft-pruned checkpoint."""

import re
from typing import Iterable, List

from ..tf1 import tf

_POWER = re.compile(r'(^|/)beta[12]_power(_\d+)?$')


def warm_start_from(checkpoint: str) -> tf.estimator.WarmStartSettings:
    """Returns the settings that start an estimator from a checkpoint's parameters and moving statistics.

    The optimizer's slots and the global step begin afresh, so that learning-rate schedules count from zero. (An
    estimator given just the path would restore trainable variables only, and lose batch norm's statistics.)

    Args:
        checkpoint: a checkpoint prefix, such as the one `Pruning.get_pruning_ckpt()` returns.
    """
    names = '|'.join(re.escape(name) for name in model_variables(checkpoint))
    return tf.estimator.WarmStartSettings(checkpoint, ['(?:%s)(?:/part_\\d+)?:0$' % names])


def model_variables(checkpoint: str) -> List[str]:
    """Returns the names in a checkpoint that belong to the model: no slots, no averages, no step counter."""
    names = {name for name, _ in tf.train.list_variables(checkpoint)}
    return sorted(name for name in names if name != tf.GraphKeys.GLOBAL_STEP and not _POWER.search(name)
                  and names.isdisjoint(_parents(name)))


def _parents(name: str) -> Iterable[str]:
    """Yields `'a'` and `'a/b'` for `'a/b/c'`: a slot lies below its variable."""
    parts = name.split('/')
    return ('/'.join(parts[:length]) for length in range(1, len(parts)))
