"""The zoo's results as a page."""

from typing import Any, Dict, List, Sequence

TOLERANCE = 1e-5
"""Largest relative difference that counts as rounding."""
LEAST_SPREAD = 1e-3
"""An output that changes less with its input proves nothing."""
STAGES = ('to_inference', 'analyse', 'plan', 'soft_prune', 'strip', 'verify')
_HEADER = ('network', 'nodes', 'groups', 'filters prunable', 'MACs cut', 'parameters cut', 'soft-pruned − stripped',
           'last bit', 'checkpoint − pb', 'spread', *(stage.replace('_', ' ') + ' s' for stage in STAGES))
_FAMILIES = {'keras': '`tf.keras.applications`', 'slim': '`tf_slim.nets`', 'small': 'Small ones of our own',
             'model': 'Real models of others'}


def verdict(result: Dict[str, Any]) -> str:
    """Says `ok`, or what is wrong."""
    if 'error' in result:
        return 'failed'
    if not max(result['difference'], result['difference_frozen']) <= TOLERANCE:
        return 'differs'
    return 'ok' if result['spread'] >= LEAST_SPREAD else 'answers the same to anything'


def markdown(results: Sequence[Dict[str, Any]]) -> str:
    """Writes the page."""
    good = [result for result in results if verdict(result) == 'ok']
    versions = sorted({result['tensorflow'] for result in results})
    text = ['# The zoo', '', _INTRODUCTION % (
        len(good), len(results), max((result['difference'] for result in good), default=0.0),
        max((result['difference_frozen'] for result in good), default=0.0), ' and '.join(versions))]
    for version in versions:
        for family, title in _FAMILIES.items():
            rows = sorted((result for result in results if result['tensorflow'] == version
                           and result.get('family', 'failed') == family), key=lambda result: str(result['name']))
            if rows:
                text += ['## %s, TensorFlow %s' % (title, version), '', *_table(rows), '']
    text += _reasons(results) + _failures(results)
    return '\n'.join(text).rstrip() + '\n'


_INTRODUCTION = """Half of the channels of every group pruned (L1, random weights), for every architecture at hand:
%d of %d agree, with a largest relative difference of %.1e between soft-pruned and stripped
and of %.1e between the stripped checkpoint and its `.pb`, element by element, from the files as written
(TensorFlow %s, CPU).

    python -m benchmarks.zoo --resume --markdown docs/zoo.md     # once with each TensorFlow; this page

- *filters prunable*: of the filters of all convolutions and matrix products, those that make the network's outputs
  left out, how many are in a group; why the others are not stands below the tables.
- *last bit*: how far the soft-pruned network is from itself when each number of its input becomes the next larger
  one: what rounding alone does in a network of this depth.
- *spread*: how far the outputs are from those for the input upside down, relative to the largest number. Batch norm's
  statistics are near what it sees, so that no network explodes or answers the same to everything.
- The seconds were measured on two cores that others used too: an impression, not a benchmark. `verify` runs three
  models in TensorFlow; the stages before it read and edit protos and arrays.
"""


def _table(rows: Sequence[Dict[str, Any]]) -> List[str]:
    lines = ['| %s |' % ' | '.join(_HEADER), '|---|%s' % ('---:|' * (len(_HEADER) - 1))]
    return lines + ['| %s |' % ' | '.join(_row(each)) for each in rows]


def _row(each: Dict[str, Any]) -> List[str]:
    found = ['%.1e' % each[key] if key in each else '' for key in ('difference', 'last_bit', 'difference_frozen')]
    found.append('%.2f' % each['spread'])
    return [each['name'], '{:,}'.format(each['nodes']), str(each['groups']),
            _percent(each['filters_prunable'], each['filters']),
            _percent(each['macs'] - each['macs_after'], each['macs']),
            _percent(each['parameters'] - each['parameters_after'], each['parameters']), *found,
            *('%.2f' % each['seconds'][stage] for stage in STAGES)]


def _percent(part: int, whole: int) -> str:
    """Rounds down: 100 % is all of them."""
    return '%d %%' % (100 * part // max(1, whole))


def _reasons(results: Sequence[Dict[str, Any]]) -> List[str]:
    """What keeps filters, network by network; one that both TensorFlows have stands once."""
    lines = []
    for each in results:
        if 'error' not in each and each['filters_prunable'] < each['filters']:
            lines.append('- %s: %s of %s filters stay: %s' % (
                each['name'], '{:,}'.format(each['filters'] - each['filters_prunable']),
                '{:,}'.format(each['filters']), '; '.join(each['refused'][:4]) or 'nothing contracts over them'))
    return ['## What stays, and why', '', *sorted(set(lines)), ''] if lines else []


def _failures(results: Sequence[Dict[str, Any]]) -> List[str]:
    lines = ['- %s, TensorFlow %s: %s' % (each['name'], each['tensorflow'], each.get('error', verdict(each)))
             for each in results if verdict(each) != 'ok']
    return ['## What failed', '', *lines, ''] if lines else []
