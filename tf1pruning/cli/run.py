"""`tf1pruning run`."""

import argparse
import dataclasses
import json
from typing import Any, List

from .export import shown_difference

EXAMPLES = """  tf1pruning run configs/pipelines/ship.yaml --model train_dir/model.ckpt-900 --dry-run
  tf1pruning run configs/pipelines/ship.yaml --model train_dir/model.ckpt-900 --output shipped
"""
JSON = """
--json prints, for each stage:
  name, folder     which, and where its result is
  cached           whether it was there already, made of the same by the same
  seconds          how long it took when it was made
  record           what it did: counts, differences, files
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument('file', metavar='FILE', help='the YAML file; paths in it are seen from the current folder')
    parser.add_argument('--model', metavar='MODEL', help='in place of model: path in the file')
    parser.add_argument('--output', metavar='DIR', help='in place of output in the file')
    parser.add_argument('--dry-run', action='store_true', help='check everything and show what would be done')
    parser.add_argument('--json', action='store_true', help='print JSON for programs')


def run(args: argparse.Namespace) -> None:
    """Runs the pipeline and shows what each stage did."""
    from ..pipelines import PipelineConfig, dry_run, run_pipeline
    from ..typed_yaml import load
    from .progress import StageBar
    config = load(PipelineConfig, args.file)
    if args.model is not None:
        config = dataclasses.replace(config, model=dataclasses.replace(config.model, path=args.model))
    if args.output is not None:
        config = dataclasses.replace(config, output=args.output)
    if args.dry_run:
        found = dry_run(config)
    else:
        bar = StageBar(['model', *(stage.name for stage in config.stages)], args.json)
        found = run_pipeline(config, bar)
        bar.close()
    if args.json:
        print(json.dumps([dict(each._asdict()) for each in found], indent=1))
    else:
        print(_table(found, args.dry_run))


def _table(found: List[Any], planned: bool) -> str:
    from ..report.table import format_table
    rows = [[each.folder, 'is there' if each.cached else 'to do' if planned else 'made', '%.1f' % each.seconds,
             _told(each.record)] for each in found]
    return format_table(['stage', 'result', 'seconds', ''], rows)


def _told(record: Any) -> str:
    """Says in a few words what a stage did."""
    if 'files' in record:
        return '; '.join('%s: %s' % (each['path'], shown_difference(each)) for each in record['files'])
    if 'sparsity' in record:
        return '%s weights, %.2f %% of them zero; zipped %s → %s bytes' % (
            f"{record['weights']:,}", 100 * record['sparsity'],
            *(f'{each:,}' for each in record['zipped_bytes'].values()))
    if 'values' in record:
        return '%s weights, %s → %s values; zipped %s → %s bytes' % tuple(f'{each:,}' for each in (
            record['weights'], *record['values'].values(), *record['zipped_bytes'].values()))
    if 'packed' in record:
        return '%s bytes, %.1f times smaller than as float32' % (f"{record['packed']['total']:,}",
                                                                 record['packed']['ratio'])
    if 'macs' in record:
        return '; '.join('%s %s → %s' % (word, f"{record[name]['before']:,}", f"{record[name]['after']:,}")
                         for name, word in (('macs', 'MACs'), ('parameters', 'parameters')))
    if 'channels' in record:
        return '{} groups, channels {before:,} → {after:,}'.format(record['groups'], **record['channels'])
    return 'largest difference %.1e' % record['relative'] if 'relative' in record else ''
