"""Which tables a run gives."""

from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ..run.certificate import COUNTED, Source
from ..run.counts import LABELS, Count
from ..run.gathered import Run
from ..run.layers import Layer
from ..run.speed import milliseconds_of_layers
from .numbers import change, show
from .tables import Column, Table

_UNITS = {'accuracy': 'part', 'bytes': 'bytes', 'weight_bytes': 'bytes', 'pb_bytes': 'bytes', 'latency_ms': 'ms',
          'batch_ms': 'ms'}
_SHORT = {'DepthwiseConv2dNative': 'Depthwise', 'Conv2DBackpropInput': 'Transposed'}
KINDS = {'inverted_residual': 'inverted residual', 'squeeze_excite': 'squeeze-and-excitation', 'other': ''}


def kind_of(count: Count) -> str:
    """Returns how a count is shown; see `numbers.show`."""
    return _UNITS.get(count.name, 'count')


def tables(run: Run) -> Dict[str, Table]:
    """Returns the tables of a run that have rows, by name."""
    made = [counts(run), exactness(run), groups(run), layers(run), attempts(run), kept(run), refusals(run),
            exported(run), checksums(run), timings(run), operations(run)]
    return {table.name: table.filled() for table in made if table.rows}


def counts(run: Run) -> Table:
    """Before and after; values of several units, so that CSV holds plain numbers."""
    rows = [{'name': LABELS[each.name], 'before': each.before, 'after': each.after, 'left': each.left}
            for each in run.counts]
    return Table('counts', 'Before and after', (
        Column('name', 'What'), Column('before', 'Before', 'number'), Column('after', 'After', 'number'),
        Column('left', 'Remains', 'part')), tuple(rows))


def exactness(run: Run) -> Table:
    """How far models that must compute the same are apart."""
    return Table('exactness', 'Largest difference of any output', (
        Column('name', 'Compared'), Column('relative', 'Relative', 'difference'),
        Column('absolute', 'Absolute', 'difference'), Column('output', 'Output')),
        tuple(each._asdict() for each in run.differences))


def groups(run: Run) -> Table:
    """What the plan does to each group."""
    found = run.plan.groups if run.plan is not None else ()
    rows = [{'name': group.name, 'kind': KINDS.get(group.kind, group.kind), 'before': group.size,
             'after': len(group.kept), 'removed': len(group.pruned), 'change': change(group.size, len(group.kept)),
             'criterion': group.criterion, 'threshold': group.threshold} for group in found]
    by = sorted({'by %s%s' % (group.criterion, '' if group.threshold is None else ' above %g' % group.threshold)
                 for group in found})
    return Table('groups', 'Groups of channels that live and die together, chosen %s' % ', '.join(by), (
        Column('name', 'Group'), Column('kind', 'Block'), Column('before', 'Channels', 'count'),
        Column('after', 'Kept', 'count', ('before', 'after')), Column('removed', 'Removed', 'count'),
        Column('change', 'Change', 'change'), Column('criterion', 'Criterion', shown=False),
        Column('threshold', 'Threshold', 'number', shown=False)), tuple(rows))


def layers(run: Run) -> Table:
    """Every convolution and matrix product."""
    before, after = milliseconds_of_layers(run.benchmark, [layer.name for layer in run.layers])
    rows = [{'name': layer.name, 'operation': _operation(layer), 'group': layer.group,
             'reads_before': layer.reads[0], 'reads_after': layer.reads[1], 'before': layer.makes[0],
             'after': layer.makes[1], 'macs_before': layer.macs[0], 'macs_after': layer.macs[1],
             'macs_change': change(layer.macs[0], layer.macs[1]), 'ms_before': before.get(layer.name),
             'ms_after': after.get(layer.name), 'reason': layer.reason} for layer in run.layers]
    scope = shared_scope([layer.name for layer in run.layers])
    caption = 'Layers%s in the order of computation: channels out of each, and MACs for one example%s' % (
        ' of ' + scope[:-1] if scope else '', other_sizes(run))
    return Table('layers', caption, (
        Column('name', 'Layer'), Column('operation', 'Operation'), Column('before', 'Channels', 'count'),
        Column('after', 'kept', 'count', ('before', 'after')), Column('macs_before', 'MACs', 'short'),
        Column('macs_after', 'left', 'short', ('macs_before', 'macs_after')),
        Column('macs_change', 'Change', 'change'), Column('ms_before', 'Time', 'ms'),
        Column('ms_after', 'after', 'ms', ('ms_before', 'ms_after')), Column('reason', 'Not prunable', shown=False),
        Column('group', 'Group', shown=False), Column('reads_before', 'Channels in', 'count', shown=False),
        Column('reads_after', 'in, after', 'count', shown=False)), tuple(rows), scope)


def other_sizes(run: Run) -> str:
    """Says where the MACs of the layers are for inputs of other sizes than those that the run counted."""
    counted = next((count.before for count in run.counts if count.name == 'macs'), None)
    if not run.layers or counted is None or counted == sum(layer.macs[0] for layer in run.layers):
        return ''
    return '; the graph leaves the size of its inputs open, so they are for another size than the count of the run'


def shared_scope(names: Sequence[str]) -> str:
    """Returns the outermost scope where all names have the same one, or an empty text."""
    scopes = {name.partition('/')[0] + '/' for name in names}
    return scopes.pop() if len(scopes) == 1 and all('/' in name for name in names) else ''


def _operation(layer: Layer) -> str:
    return ' '.join([_SHORT.get(layer.operation, layer.operation), layer.window]).strip()


def attempts(run: Run) -> Table:
    """Every retraining of a loop."""
    names = ('step', 'retry', 'accepted', 'accuracy', 'loss', 'failed_rate', 'macs', 'parameters', 'seconds')
    whole = next((row.macs for row in run.attempts if row.macs), None)
    rows = [{**{name: getattr(row, name) for name in names}, 'left': row.macs / whole if whole and row.macs else None}
            for row in run.attempts]
    return Table('history', 'Every attempt', (
        Column('step', 'Step'), Column('retry', 'Retry', 'count'), Column('accepted', 'Accepted', 'truth'),
        Column('accuracy', 'Accuracy', 'part'), Column('loss', 'Loss', 'loss'),
        Column('failed_rate', 'Came back', 'part'), Column('macs', 'MACs', 'short'),
        Column('left', 'Remain', 'part'), Column('parameters', 'Parameters', 'short'),
        Column('seconds', 'Time', 'seconds')), tuple(rows))


def kept(run: Run) -> Table:
    """Channels of each group after every accepted step."""
    steps = [row for row in run.attempts if row.kept and row.accepted]
    names = list(dict.fromkeys(name for row in steps for name in row.kept))
    sizes = {group.name: group.size for group in (run.plan.groups if run.plan is not None else ())}
    columns = [Column('step_%d' % place, row.step, 'count') for place, row in enumerate(steps)]
    rows = [{'name': name, 'size': sizes.get(name), **{'step_%d' % place: row.kept.get(name)
                                                      for place, row in enumerate(steps)}} for name in names]
    return Table('kept', 'Channels that stay in each group, step by step', (
        Column('name', 'Group'), Column('size', 'Channels', 'count'), *columns), tuple(rows))


def refusals(run: Run) -> Table:
    """What cannot be pruned."""
    rows = [{'operation': each['operation'], 'reason': each['reason'], 'channels': each['channels'],
             'macs': each['macs'], 'count': len(each['nodes']), 'nodes': ', '.join(each['nodes'][:8]) + (
                 ' and %d more' % (len(each['nodes']) - 8) if len(each['nodes']) > 8 else '')}
            for each in run.refused]
    return Table('refused', 'What cannot be pruned, with the MACs of the layers that make these channels', (
        Column('operation', 'Operation'), Column('reason', 'Reason'), Column('channels', 'Channels', 'count'),
        Column('macs', 'MACs', 'short'), Column('nodes', 'Nodes')), tuple(rows))


def exported(run: Run) -> Table:
    """The files of the certificate."""
    files = run.certificate.files if run.certificate is not None else ()
    rows: List[Dict[str, Any]] = []
    for each in files:
        numbers = {name: each.counts[name] for name in COUNTED}
        numbers.update({name + '_before': each.before[name] for name in COUNTED})
        own = {name: value for name, value in each._asdict().items() if name not in ('counts', 'before', 'parts')}
        rows.append({**numbers, **own, 'bytes_change': change(each.before['bytes'], each.counts['bytes'])})
    return Table('exported', 'Exported files against the model they were made from', (
        Column('path', 'File'), Column('format', 'Format'), Column('relative', 'Difference', 'difference'),
        Column('bound', 'Bound', 'difference'), Column('within', 'Within', 'truth'),
        Column('bytes', 'Size', 'bytes', ('bytes_before', 'bytes')), Column('bytes_change', 'Change', 'change'),
        Column('macs', 'MACs', 'short'), Column('operations_before', 'Operations', 'count'),
        Column('operations', 'now', 'count'), Column('bytes_before', 'Size was', 'bytes', shown=False),
        Column('macs_before', 'MACs were', 'short', shown=False),
        Column('absolute', 'Absolute', 'difference', shown=False),
        Column('output', 'Output', shown=False), Column('parameters', 'Parameters', 'short', shown=False),
        Column('parameters_before', 'were', 'short', shown=False)), tuple(rows))


def checksums(run: Run) -> Table:
    """What was read and what was written, with the checksum of each."""
    rows: List[Dict[str, Any]] = []
    if run.certificate is not None:
        rows = [dict(each._asdict(), role='read') for each in run.certificate.inputs]
        for each in run.certificate.files:
            parts = each.parts or (Source(each.path, each.sha256, each.counts['bytes']),)
            rows += [dict(part._asdict(), role='written') for part in parts]
    return Table('checksums', 'Files that were read and written', (
        Column('path', 'File'), Column('role', 'Was'), Column('bytes', 'Size', 'bytes'),
        Column('sha256', 'SHA-256')), tuple(rows))


def timings(run: Run) -> Table:
    """Measured times."""
    found = run.benchmark.timings if run.benchmark is not None else ()
    caption = 'Milliseconds for one run; the ratio is to the first file, 80 % of the rounds lie between low and high'
    return Table('timings', caption, (
        Column('file', 'File'), Column('runtime', 'Runtime'), Column('threads', 'Threads', 'count'),
        Column('median_ms', 'Median', 'ms', ('median_ms',)), Column('p90_ms', 'p90', 'ms'),
        Column('min_ms', 'Fastest', 'ms'), Column('ratio', 'Ratio', 'part'), Column('ratio_low', 'low', 'part'),
        Column('ratio_high', 'high', 'part'), Column('memory_mb', 'MB', 'number')),
        tuple(each._asdict() for each in found))


def operations(run: Run) -> Table:
    """Measured times of single operations."""
    found = run.benchmark.operations if run.benchmark is not None else ()
    return Table('operations', 'Milliseconds of single operations', (
        Column('file', 'File'), Column('name', 'Operation'), Column('type', 'Kind'),
        Column('ms', 'Time', 'ms', ('ms',)), Column('share', 'Share', 'part')),
        tuple(each._asdict() for each in found))


def verdict(run: Run) -> Tuple[str, ...]:
    """Says in a few sentences what came of the run."""
    by_name: Mapping[str, Count] = {count.name: count for count in run.counts}
    said = [_fell(by_name[name]) for name in ('macs', 'parameters') if name in by_name and by_name[name].before]
    text = ', '.join(said)
    sentences = [text[0].upper() + text[1:] + '.'] if said else []
    accuracy = by_name.get('accuracy')
    if accuracy is not None and accuracy.before is not None:
        sentences.append('Accuracy went from %s to %s (%s).' % (
            show('part', accuracy.before), show('part', accuracy.after),
            show('points', accuracy.after - accuracy.before)))
    if run.differences:
        sentences.append('What was stripped computes the same: the largest difference is %s.'
                         % ('0' if not run.differences[0].relative else '%.1e relative' % run.differences[0].relative))
    return tuple(sentences)


def _fell(count: Count) -> str:
    part = 100 * (count.after / (count.before or 1) - 1)
    verb = 'fell by %.0f %%' % -part if part < 0 else 'rose by %.0f %%' % part if part > 0 else 'stayed the same'
    return '%s %s' % (count.name.replace('macs', 'MACs'), verb)
