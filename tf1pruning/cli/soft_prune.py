"""`tf1pruning soft-prune`."""

import argparse
import json

from ..errors import NothingToPruneError
from . import options, selection

EXAMPLES = """  tf1pruning soft-prune model.ckpt-200 --outputs logits --threshold 0.6 --output out
  tf1pruning soft-prune model.ckpt-900 --outputs logits --plan out/plan.json --output again
"""
JSON = """
--json prints:
  path       the soft-pruned checkpoint or .pb
  channels   counts: before, after
  groups     number of groups in the plan
  note       only where nothing was set to zero: why
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    options.add_output_options(parser)
    options.add_graph_options(parser)
    selection.add_arguments(parser)
    parser.add_argument('--plan', metavar='FILE', help='a plan made earlier, instead of choosing')
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Writes the soft-pruned model and the plan."""
    chosen = selection.parse(args, or_plan=True)
    import os

    from .. import pipeline
    from ..channels import analyse
    from ..model.load import model_path
    from ..output_folder import output_folder
    from ..passes.soft_prune import soft_prune
    from ..plan import PruningPlan
    from ..weights import with_values
    plan = PruningPlan.load(args.plan) if args.plan is not None else None
    model = options.read_model(args)
    options.check_feeds(model)
    sources = [model_path(args.model)] + ([args.plan] if args.plan else [])
    try:
        with output_folder(args.output, args.force, sources) as folder:
            channels = analyse(pipeline.forward_part(model))
            if plan is None:
                plan = pipeline.some_of(chosen.plan(channels))
            soft = with_values(soft_prune(model, channels, plan), pipeline.reconstructed(channels, plan, chosen).values)
            path = pipeline.write_soft_pruned(soft, folder)
            plan.save(os.path.join(folder, 'plan.json'))
    except NothingToPruneError as nothing:
        options.say_nothing(nothing, args.json)
        return
    final = os.path.join(args.output, os.path.relpath(path, folder))
    report = dict(pipeline.describe(plan, args.align), path=final)
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        print('%d of %d channels set to zero in %s' % (
            plan.pruned_count, sum(group.size for group in plan.groups), final))
    options.print_note(report)
