"""A training that goes on must be the one that was begun."""

import dataclasses
import json
import os
from typing import Any, Dict, Optional

from tf1pruning.errors import OutputError
from tf1pruning.files import write_text
from tf1pruning.graph.shapes import first_line
from tf1pruning.plain_json import load_json
from tf1pruning.search.journal import differences
from tf1pruning.search.loop import JOURNAL
from tf1pruning.tf1 import tf

from .config import Experiment

RECORD = 'training.json'
"""What a training was begun with, beside its checkpoints."""

_MAY_DIFFER = ('train.steps', 'train.checkpoint_steps', 'images.folder', 'images.max_bad_records')


def steps_done(model_dir: str) -> int:
    """Returns how many updates the latest checkpoint has seen; 0 where there is none.

    Raises:
        OutputError: it is damaged, or was not left by a training.
    """
    try:
        checkpoint = latest_checkpoint(model_dir)
        return int(tf.train.load_variable(checkpoint, tf.GraphKeys.GLOBAL_STEP)) if checkpoint else 0
    except (tf.errors.OpError, ValueError) as error:
        raise OutputError('the latest checkpoint of %s cannot be gone on with (%s): remove it, or choose another folder'
                          % (model_dir, first_line(error))) from error


def latest_checkpoint(model_dir: str) -> Optional[str]:
    """Returns the latest checkpoint; none where the file that names it is empty."""
    try:
        return tf.train.latest_checkpoint(model_dir)
    except ValueError:
        return None


def record(model_dir: str, experiment: Experiment) -> None:
    """Writes down what a training is begun with, or compares it with what is there.

    Raises:
        OutputError: the folder holds another training, checkpoints of something else or a pruning loop, or cannot be
            written.
    """
    if os.path.exists(os.path.join(model_dir, JOURNAL)):
        raise OutputError('%s holds a pruning loop (%s), not a training: choose another folder' % (model_dir, JOURNAL))
    wanted = json.loads(json.dumps(dataclasses.asdict(experiment)))
    del wanted['machine']  # What it runs on may change; what it is does not.
    wanted = {key: value for key, value in wanted.items() if value is not None}  # as before there were such keys
    if wanted['model'].get('checkpoint'):  # The two may be moved together, or be named from elsewhere.
        wanted['model']['checkpoint'] = os.path.relpath(wanted['model']['checkpoint'], model_dir)
    if latest_checkpoint(model_dir):
        _require_same(model_dir, wanted)
    write_text(os.path.join(model_dir, RECORD), json.dumps(wanted, indent=1) + '\n')


def _require_same(model_dir: str, wanted: Dict[str, Any]) -> None:
    path = os.path.join(model_dir, RECORD)
    if not os.path.exists(path):
        raise OutputError('%s holds checkpoints that no training here left (there is no %s): choose another folder'
                          % (model_dir, RECORD))
    for key, one, two in differences(_read(path), wanted):
        if key not in _MAY_DIFFER and (one or two):  # Left out, none, false and zero are the same.
            raise OutputError('%s holds a training with %s %s, not %s: choose another folder, or go on as it was begun'
                              % (model_dir, key, one, two))


def _read(path: str) -> Dict[str, Any]:
    try:
        found = load_json(path)
    except (OSError, ValueError) as error:
        raise OutputError('%s cannot be read (%s), by which the training beside it would be known: choose another '
                          'folder' % (path, error)) from error
    return found if isinstance(found, dict) else {}
