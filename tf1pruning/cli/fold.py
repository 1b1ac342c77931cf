"""`tf1pruning fold`."""

import argparse
import json
import os
from typing import Any, Dict

from ..errors import NothingToPruneError
from . import calibration_options, options

EXAMPLES = """  tf1pruning fold model.ckpt-200 --outputs logits --output folded
  tf1pruning fold model.ckpt-200 --outputs logits --data images/ --tolerance 0.02 --output folded
  tf1pruning fold model.ckpt-200 --outputs logits --data test-00000-of-00001.tfrecord --mean 120.7 --deviation 64.15 \\
      --search --max-acc-loss 0.001 --duplicates 0.05 --output folded
"""
JSON = """
exit code: 0, 1 where the result differs by more than rounding (nothing is written then), 2 for a mistake

--json prints what report.json holds:
  provable                    whether the result computes the same for every input
  difference, allowed         of the outputs, from the model as it was; what counts as rounding
  refused                     constant channels that stay, for each: group, channels, reason
  accuracy, percentiles       of a search: before, after; part of every group that was taken for constant
  parameters, macs, channels  counts: before, after
  groups                      number of groups that lose channels
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    options.add_output_options(parser)
    options.add_graph_options(parser)
    calibration_options.add_arguments(parser.add_argument_group('examples'), 'to see what is about constant')
    what = parser.add_argument_group('what counts as constant')
    what.add_argument('--tolerance', type=float, metavar='PART', help='a standard deviation of at most this part of '
                                                                      'the largest one in the layer')
    what.add_argument('--percentile', type=float, metavar='P', help='the P %% of every group that change least')
    what.add_argument('--search', action='store_true', help='as many of every group as the accuracy lets go; --data '
                                                            'must have labels')
    what.add_argument('--max-acc-loss', '--max_acc_loss', type=float, default=0.001, metavar='PART',
                      help='what a search may lose (default: %(default)s)')
    what.add_argument('--duplicates', type=float, metavar='PART', help='merge channels, too, of which another one '
                      'leaves at most this part unexplained (exact duplicates always are)')
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Folds, verifies, writes and prints the report."""
    from ..channels import analyse
    from ..files import write_text
    from ..model.load import model_path
    from ..output_folder import output_folder
    from ..pipeline import runnable_part, verified, write_stripped
    from ..report.counts import before_after
    from ..restructuring import FoldOrder, restructure
    from ..restructuring.running import STAGES
    from .progress import StageBar
    order = FoldOrder(args.tolerance, args.percentile, args.search, args.max_acc_loss, args.duplicates)
    order.check()
    calibration = calibration_options.parse(args)
    model = options.read_model(args)
    options.check_feeds(model)
    source = model_path(args.model)
    bar = StageBar([], True)
    try:
        with output_folder(args.output, args.force, [source] + ([args.data] if args.data else [])) as folder:
            channels = analyse(runnable_part(model))
            searched = [group.name for group in channels.groups] if args.search else []
            bar = StageBar([*STAGES[:2], *searched, *STAGES[2:], 'write'], args.json)
            labelled = _labelled(args, channels.model) if args.search and args.data else None
            found = restructure(channels, order, calibration, labelled, args.batch, bar)
            bar('write')
            plan = found.decision.plan
            if not plan.pruned_count:
                raise NothingToPruneError(_nothing(found.record))
            prefix = write_stripped(found.model, folder, plan)
            plan.save(os.path.join(folder, 'plan.json'))
            report = verified(found.soft, found.model, prefix, os.path.join(folder, 'Stripped_Dir', 'modify.pb'),
                              found.allowed)
            report.update(found.record, **before_after(channels.model, found.model, source, prefix))
            report.update(_counts(channels, plan))
            write_text(os.path.join(folder, 'report.json'), json.dumps(report, indent=1) + '\n')
    except NothingToPruneError as nothing:
        options.say_nothing(nothing, args.json)
        return
    finally:
        bar.close()
    print(json.dumps(report, indent=1) if args.json else '%s\nwritten to %s' % (_table(report), args.output))


def _nothing(record: Dict[str, Any]) -> str:
    """Says why nothing is folded."""
    stay = sum(each['channels'] for each in record['refused'])
    why = '; %d that are stay (%s)' % (stay, record['refused'][0]['reason']) if stay else ''
    return 'no channel that can go is constant, or a copy of another one%s; nothing was written' % why


def _labelled(args: argparse.Namespace, model: Any) -> Any:
    from ..calibration import inputs_of
    from ..evaluation import load_labelled
    return load_labelled(args.data, inputs_of(model), args.count, options.parse_scaling(args))


def _counts(channels: Any, plan: Any) -> Dict[str, Any]:
    size = sum(group.size for group in channels.groups)
    return {'groups': len(plan.groups), 'channels': {'before': size, 'after': size - plan.pruned_count}}


def _table(report: Dict[str, Any]) -> str:
    from ..report.table import format_report, format_table
    lines = [format_report({name: report[name] for name in ('parameters', 'macs', 'weight_bytes', 'bytes')
                            if name in report})]
    lines.append('{} channels of {} folded into their consumers, in {} groups; {}'.format(
        report['channels']['before'] - report['channels']['after'], report['channels']['before'], report['groups'],
        'the same for every input' if report['provable'] else 'as far as the examples show'))
    lines.append('largest difference of the outputs: %.1e relative' % report['difference']['relative'])
    if 'accuracy' in report:
        lines.append('accuracy {before:.4f} → {after:.4f} on the examples'.format(**report['accuracy']))
    if report['refused']:
        lines.append(format_table(['constant, but stays', 'channels', 'since'], [
            [each['group'], each['channels'], each['reason']] for each in report['refused']]))
    return '\n'.join(lines)
