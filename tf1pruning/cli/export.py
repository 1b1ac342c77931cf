"""`tf1pruning export`."""

import argparse
import json
import os
from typing import Any, Dict, List, Optional

from ..errors import OptionError
from ..exports.formats import FORMATS, Settings, chosen_formats
from . import options

EXAMPLES = """  tf1pruning export model.ckpt-200 --outputs logits --output shipped
  tf1pruning export stripped/Stripped_Dir/model.ckpt-200 --outputs logits --original train_dir \\
      --format pb,tflite,onnx,saved_model --output shipped
  tf1pruning export train_dir --outputs logits --inputs 'IteratorGetNext=1,32,32,3' \\
      --format tflite_int8 --calibration images/ --mean 0 --deviation 255 --output shipped
"""
JSON = """
exit code: 0, 1 where a file differs by more than its format's bound (nothing is written then), 2 for a mistake

--json prints what certificate.json holds:
  model, original, inputs   what was exported, with the hashes of its files
  versions, plan            of the libraries; what the model was stripped by
  files                     format, path, sha256, bytes, macs, parameters, operations, difference, bound, within, before
  fell, statement           whether MACs, bytes and operations are fewer than the original's, in every file
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    options.add_output_options(parser)
    options.add_graph_options(parser)
    parser.add_argument('--format', default='pb', metavar='NAME[,NAME]',
                        help='%s, or all (default: %%(default)s)' % ', '.join(FORMATS))
    parser.add_argument('--batch', type=int, metavar='N',
                        help='a fixed batch size; without it, it stays open (TFLite: that of --inputs, else 1)')
    parser.add_argument('--no-fold', action='store_true', help='leave batch norms and identities as they are')
    parser.add_argument('--inputs-as-nchw', action='store_true',
                        help='let the ONNX model take images as N,C,H,W, which can save a transpose')
    _add_calibration(parser)
    parser.add_argument('--original', metavar='MODEL', help='the model before it was compressed: exported in the same '
                                                            'way and counted, for the certificate')
    parser.add_argument('--original-inputs', metavar='NAME=SHAPE[;…]', help='its --inputs, where they are others')
    parser.add_argument('--plan', metavar='FILE', help='the plan that the model was stripped by (default: plan.json '
                                                       'beside it, where there is one)')
    parser.add_argument('--allow-difference', action='store_true',
                        help="write files that differ by more than their format's bound, too")
    options.add_json(parser)


def _add_calibration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--calibration', metavar='PATH', help='examples, to measure activations on and to compare with:'
                        ' .npy, .npz, IDX, TFRecord, or a folder of pictures')
    parser.add_argument('--calibration-count', type=int, default=100, metavar='N',
                        help='how many, spread evenly (default: %(default)s)')
    options.add_scaling(parser)


def run(args: argparse.Namespace) -> None:
    """Exports, compares, certifies."""
    from ..calibration import inputs_of
    from ..exports.certificate import CERTIFICATE
    from ..exports.delivery import Order, Source, deliver
    from ..model.load import model_path
    from ..output_folder import output_folder
    from ..pipeline import runnable_part
    from .progress import StageBar
    formats = chosen_formats(options.parse_names(args.format), args.calibration)
    if args.batch is not None and args.batch < 1:
        raise OptionError('--batch %d: it must be at least 1' % args.batch)
    if args.original is None and args.original_inputs is not None:
        raise OptionError('--original-inputs without --original: give both')
    models = [(options.read_model(args), args.model)]
    if args.original is not None:
        models.append((_read_original(args), args.original))
    options.check_feeds(*(model for model, _ in models))
    source, *original = (Source(runnable_part(options.present(model) if args.original else model),
                                model_path(path)) for model, path in models)
    order = Order(formats, Settings(inputs_as_nchw=args.inputs_as_nchw), args.batch, not args.no_fold,
                  args.allow_difference)
    if args.calibration:
        examples = _examples(args, inputs_of(order.batched(source.model)))
        order = order._replace(settings=order.settings._replace(examples=examples))
    plan = _plan(args, source.path)
    bar = StageBar([*formats, *(['the original'] if original else [])], args.json)
    sources = [each.path for each in (source, *original)] + [path for path in (args.calibration, args.plan) if path]
    produced = [*(each.file for each in FORMATS.values()), CERTIFICATE]
    with output_folder(args.output, args.force, sources, produced) as folder:
        certificate = deliver(source, order, folder, original[0] if original else None, plan, bar)
    bar.close()
    print(json.dumps(certificate, indent=1) if args.json else _table(certificate, args.output))


def _examples(args: argparse.Namespace, inputs: Any) -> Any:
    from ..calibration import load_examples
    if args.calibration_count < 1:
        raise OptionError('--calibration-count %d: it must be at least 1' % args.calibration_count)
    return load_examples(args.calibration, inputs, args.calibration_count, options.parse_scaling(args))


def _read_original(args: argparse.Namespace) -> Any:
    named = argparse.Namespace(**vars(args))
    named.inputs = args.inputs if args.original_inputs is None else args.original_inputs
    return options.read_model(named, args.original)


def _plan(args: argparse.Namespace, path: str) -> Optional[Dict[str, Any]]:
    from ..plan import PruningPlan
    beside = os.path.join(os.path.dirname(path), 'plan.json')
    found = args.plan or (beside if os.path.isfile(beside) else None)
    return PruningPlan.load(found).content() if found else None


def _table(certificate: Dict[str, Any], folder: str) -> str:
    from ..report.table import format_table
    header = ['file', 'bytes', 'MACs', 'parameters', 'operations', 'difference', 'allowed']
    rows: List[List[Any]] = []
    for each in certificate['files']:
        rows.append([each['path'], *(_change(each, name) for name in ('bytes', 'macs', 'parameters', 'operations')),
                     shown_difference(each),
                     '%.0e' % each['bound'] + ('' if each['within'] else ' EXCEEDED')])
    return '%s\n%s\nwritten to %s' % (format_table(header, rows), certificate['statement'], folder)


def shown_difference(each: Dict[str, Any]) -> str:
    """Says how far a certificate's file is from the model."""
    relative = each['difference']['relative']
    return 'infinite' if relative is None else '%.1e' % relative


def _change(each: Dict[str, Any], name: str) -> Any:
    now = each[name]
    if each['before'] is None:
        return now
    before = each['before'][name]
    return f'{now:,} ({100 * (now - before) / max(1, before):+.1f} %)'
