"""Removes filters that were set to zero and retrained from a checkpoint: Rebuild_CKPT/, Stripped_Dir/ and modify.pb.

Examples:
  python %s --ckpt TH0.6/model.ckpt-900 --plan TH0.6/Pruning_Dict/plan.json --output_nodes logits
      --input_tensors_map 'IteratorGetNext:0=input:?,32,32,3' --output_dir stripped
  python %s --ckpt TH0.6 --pruned_filters Pruning_Dict/Pruned_Filters.pkl --output_nodes logits,boxes
      --feed 'is_training=false' --zero_unconverged --output_dir stripped
"""

from typing import List

from absl import flags

from tf1pruning import Pruning
from tf1pruning.cli import options
from tf1pruning.cli.program import guarded, parse_flags, start
from tf1pruning.errors import OptionError
from tf1pruning.filters_file import read_filters
from tf1pruning.report.table import format_report

FLAGS = flags.FLAGS
flags.DEFINE_string('ckpt', None, 'The retrained checkpoint: its prefix, or a folder with a `checkpoint` file.')
flags.DEFINE_string('plan', '', 'The filters that go, as plan.json.')
flags.DEFINE_string('pruned_filters', '', 'The filters that go, as Pruned_Filters.json or an old .pkl.')
flags.DEFINE_string('scope_names', 'blocks', 'What --pruned_filters may name: blocks, all, or names of blocks.')
flags.DEFINE_string('output_nodes', None, 'Names of the output nodes, separated by commas.')
flags.DEFINE_string('input_tensors_map', '', 'Tensors to cut at and the placeholders that replace them, as '
                    'TENSOR=PLACEHOLDER:SHAPE[;…].')
flags.DEFINE_string('feed', '', "Values of other placeholders, such as 'is_training=false;keep_prob=1.0'.")
flags.DEFINE_string('output_dir', None, 'The folder to write into.')
flags.DEFINE_bool('training', False, 'Strip the training graph, optimizer included, instead of the inference graph.')
flags.DEFINE_bool('zero_unconverged', False, 'Set filters to zero that are not; the change of the output is shown.')
flags.mark_flags_as_required(['ckpt', 'output_nodes', 'output_dir'])


def strip() -> None:
    """Strips the checkpoint, compares the result with what it was, and prints the counts."""
    if bool(FLAGS.plan) == bool(FLAGS.pruned_filters):
        raise OptionError('say which filters go: either --plan or --pruned_filters')
    pruning = Pruning(FLAGS.ckpt, options.parse_scopes(FLAGS.scope_names, '--scope_names'),
                      pruning_filters_dict=read_filters(FLAGS.plan or FLAGS.pruned_filters),
                      input_tensors_map=options.parse_tensors_map(FLAGS.input_tensors_map),
                      output_dir=FLAGS.output_dir, output_nodes=FLAGS.output_nodes,
                      feeds=options.parse_feeds(FLAGS.feed))
    if not FLAGS.training:
        pruning.get_rebuild_graph()
    pruning.get_strip_params()
    prefix = pruning.get_strip_ckpt(FLAGS.zero_unconverged)
    pruning.verify()
    print(format_report(pruning.report))
    print('written to %s' % prefix)


def main(_: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    return guarded(strip, 'strip_checkpoint.py')


if __name__ == '__main__':
    start(main, parse_flags)
