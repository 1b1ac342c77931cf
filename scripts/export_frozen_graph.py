"""Writes the frozen inference graph of a checkpoint.

Examples:
  python %s --ckpt model.ckpt-900 --output_nodes logits --output_pb model.pb
  python %s --ckpt train_dir --output_nodes logits --output_pb model.pb
      --input_tensors_map 'IteratorGetNext:0=input:?,32,32,3' --feed 'is_training=false'
"""

import os
from typing import List

from absl import flags

from tf1pruning.cli import options
from tf1pruning.cli.program import guarded, parse_flags, start
from tf1pruning.errors import OutputError
from tf1pruning.graph.inference import Input
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.model.frozen import save_frozen
from tf1pruning.pipeline import forward_part

FLAGS = flags.FLAGS
flags.DEFINE_string('ckpt', None, 'The checkpoint: its prefix, or a folder with a `checkpoint` file.')
flags.DEFINE_string('output_nodes', None, 'Names of the output nodes, separated by commas.')
flags.DEFINE_string('input_tensors_map', '', 'Tensors to cut at and the placeholders that replace them, as '
                    'TENSOR=PLACEHOLDER:SHAPE[;…].')
flags.DEFINE_string('feed', '', "Values of other placeholders, such as 'is_training=false;keep_prob=1.0'.")
flags.DEFINE_string('output_pb', None, 'The file to write.')
flags.DEFINE_bool('force', False, 'Replace an earlier file.')
flags.mark_flags_as_required(['ckpt', 'output_nodes', 'output_pb'])


def export() -> None:
    """Reads, freezes, writes."""
    if os.path.exists(FLAGS.output_pb) and not FLAGS.force:
        raise OutputError('%s exists: choose another file, or replace it with --force' % FLAGS.output_pb)
    inputs = {tensor: Input(name, shape)
              for tensor, (name, shape) in options.parse_tensors_map(FLAGS.input_tensors_map).items()}
    model = load_checkpoint(FLAGS.ckpt, options.parse_names(FLAGS.output_nodes), inputs,
                            options.parse_feeds(FLAGS.feed))
    path = save_frozen(forward_part(model), FLAGS.output_pb)
    print('%s: %s bytes' % (path, format(os.path.getsize(path), ',')))


def main(_: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    return guarded(export, 'export_frozen_graph.py')


if __name__ == '__main__':
    start(main, parse_flags)
