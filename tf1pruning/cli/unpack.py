"""`tf1pruning unpack`."""

import argparse
import json
import os
from typing import List

from . import options

EXAMPLES = """  tf1pruning unpack model.tfp --output unpacked
  tf1pruning verify model.ckpt-900 unpacked --outputs logits
"""
JSON = """
--json prints:
  model     prefix of the checkpoint, or path of the .pb
  outputs   names of the outputs
  tensors   how many; bytes: of their numbers; packed: of the file
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument('file', metavar='FILE', help='a file that `tf1pruning pack` wrote')
    options.add_output_options(parser)
    parser.add_argument('--large', action='store_true',
                        help='unpack a file that becomes more than 1,000 times as large')
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Unpacks and says where to."""
    from ..output_folder import output_folder
    from ..packing import opened, unpack
    with opened(args.file) as packed:
        if not args.large:
            packed.require_plausible()
        names = _produced(packed.contents.name)
        with output_folder(args.output, args.force, [args.file], names) as folder:
            path = os.path.join(args.output, os.path.relpath(unpack(packed, folder), folder))
        found = {'model': path, 'outputs': list(packed.contents.outputs), 'tensors': len(packed.values),
                 'bytes': packed.nbytes, 'packed': packed.size}
    if args.json:
        print(json.dumps(found, indent=1))
    else:
        print('{model}: {tensors} tensors, {bytes:,} bytes of {packed:,}'.format(**found))
        print('outputs: %s' % ', '.join(packed.contents.outputs))


def _produced(name: str) -> List[str]:
    endings = ('.index', '.meta', '.data-00000-of-00001', '.pb')
    return ['checkpoint', *(name + ending for ending in endings)]
