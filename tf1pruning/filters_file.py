"""Files that say which filters go: our own JSON, plans, and old pickles of plain data."""

import io
import pickle
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .channels import Channels, Group
from .channels.blocks import contraction_axes, in_scope, kernel_of
from .criteria.filters import channel_numbers
from .errors import PlanError
from .plain_json import parse_json
from .plain_pickle import refuse_bomb
from .plan import PruningPlan, plan_from_channels

_ALLOWED = {('collections', 'OrderedDict'), ('collections', 'defaultdict'), ('builtins', 'list'),
            ('builtins', 'dict'), ('builtins', 'set'), ('builtins', 'int'), ('__builtin__', 'list'),
            ('__builtin__', 'set'), ('__builtin__', 'dict'), ('__builtin__', 'int'), ('numpy', 'dtype'),
            ('numpy.core.multiarray', 'scalar'), ('numpy._core.multiarray', 'scalar'), ('_codecs', 'encode')}
_SCALARS = 'iufb'


class _PlainUnpickler(pickle.Unpickler):
    """Loads containers, strings and numbers; anything else in the stream is refused before it runs."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise PlanError('holds %s.%s; only lists, dictionaries, strings and numbers are read' % (module, name))
        return {'scalar': _number, 'encode': _bytes}.get(name) or super().find_class(module, name)


def _bytes(text: str, encoding: str) -> bytes:
    """Python 3 writes bytes in this way for Python 2."""
    return text.encode('latin1')


def _number(dtype: np.dtype, content: bytes) -> Any:
    if np.dtype(dtype).kind not in _SCALARS or not isinstance(content, bytes):
        raise PlanError('holds a %s; only lists, dictionaries, strings and numbers are read' % dtype)
    return np.frombuffer(content, dtype)[0].item()


def read_filters(path: str) -> Any:
    """Reads a dictionary of filters from `.json` or an old `.pkl`.

    Raises:
        PlanError: the file is missing, damaged, or holds anything but plain data.
    """
    try:
        with open(path, 'rb') as stream:
            content = stream.read()
    except OSError as error:
        raise PlanError('cannot read %s: %s' % (path, error.strerror)) from error
    try:
        if path.endswith(('.pkl', '.pickle')):
            refuse_bomb(content)
            return _PlainUnpickler(io.BytesIO(content), encoding='latin1').load()
        return parse_json(content.decode('utf-8'))
    except PlanError as error:
        raise PlanError('refused to load %s: it %s' % (path, error)) from error
    except Exception as error:  # a pickle stream can fail in any way
        raise PlanError('%s is damaged or not a file of filters (%s)' % (path, error)) from error


def filters_of(channels: Channels, plan: PruningPlan) -> Dict[str, Dict[str, List[int]]]:
    """Writes a plan as the dictionary of `Pruned_Filters`: group → convolution → indices along its pruned axis."""
    found: Dict[str, Dict[str, List[int]]] = {}
    groups = {group.name: group for group in channels.groups}
    for each in plan.groups:
        group = groups[each.name]
        gone = np.zeros(group.size, bool)
        gone[list(each.pruned)] = True
        found[each.name] = {}
        for node, axis in contraction_axes(channels, group).items():
            numbers = _numbers_along(channels, group, node, axis)
            found[each.name][node] = np.flatnonzero((numbers >= 0) & gone[numbers]).tolist()
    return found


def _numbers_along(channels: Channels, group: Group, node: str, axis: int) -> np.ndarray:
    """Returns the channel number for every index along an axis of a convolution's kernel."""
    block = kernel_of(channels, node).block(axis)
    return channel_numbers(group, channels.labels[block.ids] if block is not None else np.zeros(0, int))


def plan_from_filters(channels: Channels, groups: Sequence[Group], content: Any, criterion: str = 'given',
                      threshold: Optional[float] = None) -> PruningPlan:
    """Makes a plan from a dictionary of filters.

    Args:
        channels: the analysis.
        groups: groups that scopes may mean.
        content: what `PruningPlan.to_json` or `filters_of` wrote, `{scope: indices}`, `{scope: {convolution: indices}}`
            along the axis that lies in the scope, or `{convolution: indices}` of the filters that it makes.
        criterion: noted in the plan.
        threshold: noted in the plan.

    Raises:
        PlanError: it names something that the model does not have, or indices out of range.
    """
    if isinstance(content, Mapping) and 'tf1pruning_plan' in content:
        return PruningPlan.from_dict(content)
    if not isinstance(content, Mapping):
        raise PlanError('filters must be a dictionary, not a %s' % type(content).__name__)
    chosen: Dict[str, Sequence[int]] = {}
    for name, value in content.items():
        entries: Mapping[str, Any] = value if isinstance(value, Mapping) else {str(name): value}
        for key, indices in entries.items():
            group, numbers = _find(channels, groups, str(key), str(name), indices)
            chosen.setdefault(group.name, numbers)
    return plan_from_channels(channels, chosen, criterion, threshold)


def _find(channels: Channels, groups: Sequence[Group], key: str, scope: str,
          indices: Sequence[int]) -> Tuple[Group, List[int]]:
    """Finds the group that a convolution or a scope means, and the channel numbers."""
    if not isinstance(indices, (list, tuple, set, np.ndarray)) or not all(
            isinstance(index, (int, np.integer)) for index in indices):
        raise PlanError('the filters of %s are not a list of numbers' % key)
    wanted = sorted({int(index) for index in indices})
    for group in _candidates(groups, key, scope):
        axes = contraction_axes(channels, group)
        if key in axes:
            numbers = _numbers_along(channels, group, key, axes[key])
            if wanted and (wanted[0] < 0 or wanted[-1] >= numbers.size):
                raise PlanError('%s has %d filters: cannot prune %s' % (key, numbers.size, wanted[-1]))
            found = sorted({int(number) for number in numbers[wanted] if number >= 0})
            if found or not wanted:
                return group, found
    inside = [group for group in groups if group.name == key or in_scope(group.producers[0], key)]
    if not inside:
        raise PlanError('the model has no convolution or block %r with channels to prune' % key)
    return inside[0], wanted


def _candidates(groups: Sequence[Group], key: str, scope: str) -> List[Group]:
    """Returns the groups that a convolution may mean: of its scope; those that it makes before those that it reads."""
    named = ([group for group in groups if group.name == scope]
             or [group for group in groups if any(in_scope(node, scope) for node in group.producers + group.depthwise)])
    return sorted(named or groups, key=lambda group: key not in group.producers + group.depthwise)
