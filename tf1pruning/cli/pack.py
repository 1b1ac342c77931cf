"""`tf1pruning pack`."""

import argparse
import json

from ..errors import OptionError
from ..model.model import Model
from . import options

EXAMPLES = """  tf1pruning pack clustered/model.ckpt-900 --outputs logits --output model.tfp
  tf1pruning pack model.pb --outputs logits -o model.tfp
  tf1pruning pack train_dir --training -o archive.tfp
"""
JSON = """
--json prints:
  tensors        name, shape, dtype; bytes of values, indices, codebook, tables, total; ratio to float32
  graph, frame   bytes of the graph with the list of tensors; of the lengths and checksums around it
  total          bytes of the file
  numbers        how many numbers all tensors have; float32_bytes: what they take with four bytes each
  ratio          float32_bytes / total
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    parser.add_argument('-o', '--output', required=True, metavar='FILE', help='the packed file, model.tfp for example')
    parser.add_argument('--force', action='store_true', help='replace an earlier one')
    parser.add_argument('--training', action='store_true',
                        help='pack the whole training graph and all that the checkpoint holds, optimizer included; '
                             'without it, what --outputs need')
    options.add_graph_options(parser)
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Packs, verifies, shows what each tensor takes."""
    from ..files import check_replaceable
    from ..packing import pack
    from ..packing.container import MARK
    from ..packing.report import HEADER
    from ..passes.to_inference import to_inference
    from ..report.table import format_table
    from .progress import PartBar
    check_replaceable(args.output, args.force, MARK)
    if args.training:
        model = _whole(args)
    else:
        model = options.read_model(args)
        options.check_feeds(model)
        model = to_inference(model)
    bar = PartBar('packing', args.json)
    packing = pack(model, args.output, args.training, bar)
    bar.close()
    if args.json:
        print(json.dumps(packing.as_json(), indent=1))
    else:
        print(format_table(HEADER, packing.rows()))
        print('written to %s, unpacked and compared: the same bits' % args.output)


def _whole(args: argparse.Namespace) -> Model:
    from ..model.load import load_model
    if args.outputs or args.inputs or args.feed:
        raise OptionError('--training packs everything: leave --outputs, --inputs and --feed out')
    return load_model(args.model)
