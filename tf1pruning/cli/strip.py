"""`tf1pruning strip`."""

import argparse
import json
import os

from . import options

EXAMPLES = """  tf1pruning strip retrained/model.ckpt-900 --plan out/plan.json --outputs logits --output stripped
  tf1pruning strip model.ckpt-900 --plan out/plan.json --outputs logits --inference --output stripped
"""
JSON = """
--json prints what report.json holds:
  stripped_vs_soft_pruned, pb_vs_checkpoint   largest difference of the outputs: relative, absolute, output (its name)
  parameters, macs, channels                  counts: before, after (macs for one example)
  weight_bytes, bytes                         of the weights that the outputs need, of the files: before, after
  groups                                      number of groups in the plan
  zeroing_changed_output                      only with --zero-unconverged, where it set something to zero: relative
  note                                        only where the plan prunes nothing
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    options.add_output_options(parser)
    options.add_graph_options(parser)
    parser.add_argument('--plan', required=True, metavar='FILE', help='the plan that was soft-pruned')
    parser.add_argument('--inference', action='store_true',
                        help='strip the inference graph; without it a training graph stays one, optimizer included')
    parser.add_argument('--zero-unconverged', action='store_true',
                        help='set filters to zero that are not; the change of the output is reported')
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Strips and prints the report."""
    from .. import pipeline
    from ..model.load import model_path
    from ..plan import PruningPlan
    from ..report.table import format_report
    plan = PruningPlan.load(args.plan)
    model = options.read_model(args)
    options.check_feeds(model)
    report = pipeline.strip_only(model, model_path(args.model), plan, args.output, args.inference,
                                 args.zero_unconverged, args.force, [args.plan])
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        print(format_report(report))
        if 'zeroing_changed_output' in report:
            print('setting unconverged filters to zero changed the output by %.2e relative'
                  % report['zeroing_changed_output'])
        print('written to %s' % os.path.join(args.output, 'Stripped_Dir'))
    options.print_note(report)
