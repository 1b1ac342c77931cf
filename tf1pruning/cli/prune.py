"""`tf1pruning prune`."""

import argparse
import json

from ..errors import NothingToPruneError
from . import options, selection
from .progress import StageBar

EXAMPLES = """  tf1pruning prune model.ckpt-200 --outputs logits --threshold 0.6 --output out
  tf1pruning prune exports/ --outputs probs --inputs 'image=1,96,96,3' --ratio 0.5 --criterion l1 --output out
  tf1pruning prune model.ckpt-200 --outputs logits --macs 0.5 --align 8 --together --output out
  tf1pruning prune frozen.pb --outputs softmax --scopes blocks --ratio 0.3 --align 8 --output out --json
"""
JSON = """
--json prints what report.json holds:
  stripped_vs_soft_pruned, pb_vs_checkpoint   largest difference of the outputs: relative, absolute, output (its name)
  parameters, macs, channels                  counts: before, after (macs for one example)
  weight_bytes, bytes                         of the weights that the outputs need, of the files: before, after
  groups                                      number of groups in the plan
  seconds                                     by stage
  note                                        only where nothing was pruned: why
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    options.add_output_options(parser)
    options.add_graph_options(parser)
    selection.add_arguments(parser)
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Prunes and prints the report."""
    chosen = selection.parse(args)
    from .. import pipeline
    from ..model.load import model_path
    from ..report.table import format_report
    model = options.read_model(args)
    options.check_feeds(model)
    bar = StageBar(pipeline.STAGES, quiet=args.json)
    try:
        report = pipeline.prune(model, model_path(args.model), args.output, chosen, args.force, bar)
    except NothingToPruneError as nothing:
        options.say_nothing(nothing, args.json)
        return
    finally:
        bar.close()
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        print(format_report(report))
        print('written to %s' % args.output)
    options.print_note(report)
