"""A decomposed checkpoint trains on as any other: through `model_fn_from_meta`, its branches are what moves."""

from typing import Any

import numpy as np

from tests.builders import save_network
from tests.passes.test_decompose import branches_of
from tests.plain import values_of
from tests.surgery import load
from tests.training.classifier import Watch, train
from tests.training.test_from_meta import LOSS, momentum
from tf1pruning.model.checkpoint import load_checkpoint, save_checkpoint
from tf1pruning.passes.decompose import decompose
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.training import model_fn_from_meta, warm_start_from
from tf1pruning.weights.linear_layers import linear_layers


def test_the_loss_falls_and_the_branches_move(tmp_path: Any) -> None:
    saved = save_network('mobilenet_v2', tmp_path)
    model = to_inference(load(saved))
    (tmp_path / 'decomposed').mkdir()
    prefix = save_checkpoint(decompose(model, linear_layers(model)[0], branches_of(model, 0.5, 0.1)),
                             str(tmp_path / 'decomposed'))
    function = model_fn_from_meta(load_checkpoint(prefix, saved.outputs, load(saved).inputs), LOSS, momentum, 0.9)
    watch = Watch()
    trained = values_of(train(tmp_path / 'run', 25, [watch], function, warm_start_from(prefix)))
    before = values_of(prefix)
    assert watch.losses[-1] < 0.6 * watch.losses[0]
    for part in ('first', 'core', 'last', 'sparse'):
        name = 'stem/kernel/' + part
        assert np.abs(trained[name] - before[name]).max() > 1e-4
    assert 'stem/kernel' not in trained
