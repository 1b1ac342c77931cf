"""Folders as runs leave them: small networks pruned for real, and records that somebody wrote with bad intentions."""

import json
import os
import shutil
from typing import Any, Dict

from tests.builders import IMAGE, save_network, save_training
from tf1pruning import pipeline
from tf1pruning.choice import Selection
from tf1pruning.graph.inference import Input
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount

EVIL = '<script>alert("x")</script>'
HALF = Selection(Amount(ratio=0.5, align=2), criterion='l1')


def pruned(folder: str) -> str:
    """What `prune` leaves of a forward network, in `<folder>/out`."""
    saved = save_network('nested_se', folder)
    model = load_checkpoint(saved.prefix, saved.outputs, {'image': Input('', IMAGE)})
    pipeline.prune(model, saved.prefix, os.path.join(folder, 'out'), HALF)
    return os.path.join(folder, 'out')


def looped(folder: str) -> str:
    """What a loop leaves of a training graph: `baseline`, an attempt, and `stripped` with another name of its input."""
    out = os.path.join(folder, 'loop')
    baseline, attempt = os.path.join(out, 'baseline'), os.path.join(out, '00_ratio_0.5')
    os.makedirs(baseline)
    saved = save_training(baseline, flag='placeholder', dropout=True)
    write(os.path.join(baseline, 'checkpoint'), 'model_checkpoint_path: "model.ckpt-3"\n')
    feeds = {'is_training': False, 'keep_prob': 1.0}
    model = load_checkpoint(saved.prefix, saved.outputs, {'image': Input('picture', (None,) + IMAGE[1:])}, feeds)
    pipeline.prune(model, saved.prefix, os.path.join(folder, 'soft'), HALF)
    shutil.move(os.path.join(folder, 'soft', 'Pruned_Dir'), os.path.join(attempt, 'Pruned_Dir'))
    plan_path = os.path.join(attempt, 'Pruned_Dir', 'plan.json')
    shutil.move(os.path.join(folder, 'soft', 'plan.json'), plan_path)
    soft = os.path.join(attempt, 'Pruned_Dir', 'model.ckpt-3')
    pipeline.strip_only(load_checkpoint(soft, model.outputs, model.inputs, feeds), soft, PruningPlan.load(plan_path),
                        os.path.join(out, 'stripped'), inference=True)
    write_json(os.path.join(out, 'history.json'), history())
    write_json(os.path.join(out, 'loop.json'), {'tf1pruning_loop': 1, 'finished': {}, 'settings': {
        'checkpoint': 'baseline/model.ckpt-3', 'outputs': ['output'], 'steps': ['ratio 0.5'], 'criterion': 'l1'}})
    return out


def history() -> Any:
    """Three rows: the network as it was, one accepted, one not."""
    place = '00_ratio_0.5/Pruned_Dir/'
    return [{'step': 'baseline', 'retry': 0, 'accepted': True, 'accuracy': 0.95, 'macs': 1000, 'parameters': 100},
            {'step': 'ratio 0.5', 'retry': 0, 'accepted': True, 'accuracy': 0.94, 'macs': 500, 'parameters': 60,
             'kept': {'block': 4}, 'checkpoint': place + 'model.ckpt-3', 'plan': place + 'plan.json'},
            {'step': EVIL, 'retry': 1, 'accepted': False, 'accuracy': 0.5, 'macs': 250, 'parameters': 30,
             'failed_rate': 0.25}]


def certificate() -> Dict[str, Any]:
    """Of two files, one of which is not good enough."""
    def exported(form: str, relative: float) -> Dict[str, Any]:
        return {'format': form, 'path': 'model.' + form, 'sha256': '0f' * 32, 'bytes': 500, 'macs': 70, 'parameters': 9,
                'operations': 12, 'difference': {'relative': relative, 'absolute': 0.1, 'output': 'output'},
                'bound': 1e-4, 'within': relative <= 1e-4,
                'before': {'bytes': 1000, 'macs': 140, 'parameters': 20, 'operations': 12}}
    return {'model': EVIL, 'original': None, 'versions': {'tensorflow': '1.15.5'}, 'plan': None,
            'inputs': [{'path': '=SUM(1)', 'sha256': 'ab' * 32, 'bytes': 3}],
            'files': [exported('pb', 1e-7), exported('tflite', 1e-3), dict(exported('saved_model', 1e-7), files=[
                {'path': 'saved_model/%d' % part, 'sha256': str(part) * 64, 'bytes': part} for part in range(2)])],
            'fell': {'macs': True, 'bytes': True, 'operations': False}, 'statement': 'MACs fell; ' + EVIL}


def benchmark(layer: str) -> Dict[str, Any]:
    """Of a file and the one it is compared with."""
    def row(file: str, median: float, ratio: Any) -> Dict[str, Any]:
        return {'file': file, 'runtime': 'tensorflow', 'threads': 1, 'median_ms': median, 'ratio': ratio}
    return {'rounds': 50, 'machine': {'cpu': EVIL}, 'rows': [row('a.pb', 2.0, None), row('b.pb', 1.0, 0.5)],
            'operations': {name: [{'name': layer, 'type': 'Conv2D', 'ms': ms, 'share': 0.5}]
                           for name, ms in (('a.pb', 1.0), ('b.pb', 0.25))}}


def write_json(path: str, content: Any) -> None:
    """Writes a record."""
    write(path, json.dumps(content))


def write(path: str, text: str) -> None:
    """Writes a text."""
    with open(path, 'w') as stream:
        stream.write(text)
