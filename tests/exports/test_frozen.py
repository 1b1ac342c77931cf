"""Frozen graphs: as they are to the last bit, or folded, smaller and the same but for rounding."""

import os
from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import load
from tf1pruning.errors import VerificationError
from tf1pruning.exports import frozen
from tf1pruning.exports.frozen import export_frozen
from tf1pruning.graph.batch_norm import FUSED_BATCH_NORMS
from tf1pruning.model.frozen import load_frozen
from tf1pruning.passes.to_inference import to_inference


def test_folded_and_not(tmp_path: Any) -> None:
    saved = builders.save_training(tmp_path)
    model = to_inference(load(saved))
    plain_path, folded_path = str(tmp_path / 'plain.pb'), str(tmp_path / 'folded.pb')
    assert export_frozen(model, plain_path) is None
    difference = export_frozen(model, folded_path, fold=True)
    feeds = plain.feeds_for({'image': (4,) + builders.IMAGE[1:]})
    first, second = (plain.run_frozen(path, saved.outputs, feeds)[0] for path in (plain_path, folded_path))
    assert plain.relative(first, second) < 1e-5
    assert difference is not None
    assert 0 <= difference.relative < 1e-5
    nodes = [{node.op for node in load_frozen(path).graph.node} for path in (plain_path, folded_path)]
    assert nodes[0] & set(FUSED_BATCH_NORMS)
    assert not nodes[1] & {*FUSED_BATCH_NORMS, 'ReadVariableOp'}
    assert os.path.getsize(folded_path) < os.path.getsize(plain_path)


def test_more_than_rounding_is_refused(tmp_path: Any, monkeypatch: Any) -> None:
    """A fold that went wrong leaves no file."""
    model = to_inference(load(builders.save_network('mobilenet_v2', tmp_path)))

    def wrong(folded: Any) -> Any:
        changed = {name: np.asarray(folded.weights[name]) * 1.01 for name in folded.weights}
        return folded.replace(weights=folded.weights.replaced(changed))
    monkeypatch.setattr(frozen, 'drop_passing', wrong)
    with pytest.raises(VerificationError, match='more than rounding does: leave out --fold'):
        export_frozen(model, str(tmp_path / 'wrong.pb'), fold=True)
    assert not (tmp_path / 'wrong.pb').exists()
