"""A training that goes on must be the one that was begun."""

import dataclasses
import json
import os
from typing import Any, Dict, Iterator, Tuple

from tf1pruning.errors import OutputError
from tf1pruning.files import write_text
from tf1pruning.tf1 import tf

from .config import Experiment

RECORD = 'training.json'
"""What a training was begun with, beside its checkpoints."""

_MAY_DIFFER = ('train.steps', 'train.checkpoint_steps', 'images.folder', 'images.max_bad_records')


def steps_done(model_dir: str) -> int:
    """Returns how many updates the latest checkpoint has seen; 0 where there is none."""
    checkpoint = tf.train.latest_checkpoint(model_dir)
    return int(tf.train.load_variable(checkpoint, tf.GraphKeys.GLOBAL_STEP)) if checkpoint else 0


def record(model_dir: str, experiment: Experiment) -> None:
    """Writes down what a training is begun with, or compares it with what is there.

    Raises:
        OutputError: the folder holds another training, or cannot be written.
    """
    path = os.path.join(model_dir, RECORD)
    wanted = json.loads(json.dumps(dataclasses.asdict(experiment)))
    del wanted['machine']  # What it runs on may change; what it is does not.
    wanted = {key: value for key, value in wanted.items() if value is not None}  # as before there were such keys
    if wanted['model'].get('checkpoint'):  # The two may be moved together, or be named from elsewhere.
        wanted['model']['checkpoint'] = os.path.relpath(wanted['model']['checkpoint'], model_dir)
    if tf.train.latest_checkpoint(model_dir) and os.path.exists(path):
        with open(path, encoding='utf-8') as stream:
            found = json.load(stream)
        for key, values in _differences(found, wanted):
            if key not in _MAY_DIFFER:
                raise OutputError('%s holds a training with %s %s, not %s: choose another folder, or go on as it was '
                                  'begun' % ((model_dir, key) + values))
    write_text(path, json.dumps(wanted, indent=1) + '\n')


def _differences(first: Dict[str, Any], second: Dict[str, Any],
                 above: str = '') -> Iterator[Tuple[str, Tuple[Any, Any]]]:
    """Yields the keys with other values; what is left out, none, false or zero is the same."""
    for key in dict.fromkeys([*first, *second]):
        one, two = first.get(key), second.get(key)
        if isinstance(one, dict) and isinstance(two, dict):
            yield from _differences(one, two, above + key + '.')
        elif one != two and (one or two):
            yield above + key, (one, two)
