"""Small models, plans, journals and configurations, all sound, for the mutations to damage."""

import json
import os
import shutil

import numpy as np

from tests.builders import NETWORKS, save_network, save_training
from tests.plain import new_session
from tf1pruning.channels import analyse
from tf1pruning.choice import Selection
from tf1pruning.files import atomic_folder
from tf1pruning.filters_file import filters_of
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.model.frozen import save_frozen
from tf1pruning.model.model import Model
from tf1pruning.network import Network
from tf1pruning.packing import pack
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.pipeline import prune
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount
from tf1pruning.search.loop import prune_loop
from tf1pruning.search.settings import LoopSettings
from tf1pruning.search.steps import Step
from tf1pruning.tf1 import tf
from tf1pruning.weights import with_values

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NETWORK = Network('output')
SETTINGS = LoopSettings((Step('ratio', 0.5),), ('all',), criterion='l1', limits=Amount(align=1))


def make_seeds(folder: str) -> None:
    """Writes all of them below a folder."""
    for name, network in (('net', 'nested_se'), ('shards', 'partitioned'), ('v1', 'partitioned')):
        os.makedirs(os.path.join(folder, name))
        save_network(network, os.path.join(folder, name))
    _save_again(os.path.join(folder, 'shards'), tf.train.SaverDef.V2, True)
    _save_again(os.path.join(folder, 'v1'), tf.train.SaverDef.V1, False)
    os.mkdir(os.path.join(folder, 'train'))
    save_training(os.path.join(folder, 'train'), flag='placeholder', dropout=True)
    prefix = os.path.join(folder, 'net', 'model.ckpt')
    model = load_checkpoint(prefix, ('output',))
    os.mkdir(os.path.join(folder, 'frozen'))
    save_frozen(to_inference(model), os.path.join(folder, 'frozen', 'frozen.pb'))
    _save_packed(model, os.path.join(folder, 'packed'))
    _save_saved_model(os.path.join(folder, 'saved'))
    prune(model, prefix, os.path.join(folder, 'pruned'), Selection(Amount(ratio=0.5, align=2), ('all',)))
    channels = analyse(to_inference(model))
    plan = PruningPlan.load(os.path.join(folder, 'pruned', 'plan.json'))
    with open(os.path.join(folder, 'net', 'filters.json'), 'w') as stream:
        json.dump(filters_of(channels, plan), stream)
    shutil.copytree(os.path.join(folder, 'net'), os.path.join(folder, 'loop', 'start'))
    run_loop(os.path.join(folder, 'loop'))
    shutil.copytree(os.path.join(ROOT, 'configs'), os.path.join(folder, 'configs'))


def _save_packed(model: Model, folder: str) -> None:
    """Packs a model some of whose weights are pruned, or share values."""
    os.mkdir(folder)
    forward = to_inference(model)
    values = {name: forward.value(name) for name in forward.variables}
    values = {name: np.where(np.abs(value) < 0.2, np.float32(0), np.round(4 * value) / 4 if number % 2 else value)
              for number, (name, value) in enumerate(sorted(values.items()))}
    pack(with_values(forward, values), os.path.join(folder, 'model.tfp'))


def run_loop(output: str) -> None:
    """Runs a pruning loop whose trainings change nothing, or goes on with one; it begins with what is in `start`."""
    prune_loop(os.path.join(output, 'start', 'model.ckpt'), output, NETWORK, SETTINGS, _retrain,
               lambda checkpoint: {'accuracy': 0.5})


def _retrain(checkpoint: str, output: str, plan: PruningPlan) -> str:
    with atomic_folder(output) as temporary:
        for name in os.listdir(os.path.dirname(checkpoint)):
            shutil.copy(os.path.join(os.path.dirname(checkpoint), name), temporary)
    return output


def _save_again(folder: str, version: int, sharded: bool) -> None:
    """Saves a checkpoint in another form."""
    prefix = os.path.join(folder, 'model.ckpt')
    config = tf.ConfigProto(device_count={'CPU': 2})
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        tf.train.import_meta_graph(prefix + '.meta').restore(session, prefix)
        for number, variable in enumerate(tf.global_variables()):
            variable.op._set_device('/cpu:%d' % (number % 2))
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
        saver = tf.train.Saver(sharded=sharded, write_version=version)
        saver.save(session, prefix, write_meta_graph=False)
        tf.train.export_meta_graph(prefix + '.meta', saver_def=saver.saver_def, clear_devices=True)


def _save_saved_model(folder: str) -> None:
    with tf.Graph().as_default() as graph, new_session() as session:
        NETWORKS['resource']()
        session.run(tf.global_variables_initializer())
        inputs, outputs = ({name: graph.get_tensor_by_name(name + ':0')} for name in ('image', 'output'))
        builder = tf.saved_model.Builder(folder)
        builder.add_meta_graph_and_variables(session, ['serve'], {
            'serving_default': tf.saved_model.predict_signature_def(inputs, outputs)})
        builder.save()
