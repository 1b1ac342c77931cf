"""A pruning plan: for every group which channels go, with the scores that say why."""

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .channels import Channels, Group
from .channels.blocks import block_kinds
from .errors import PlanError
from .files import write_text
from .plain_json import load_json

VERSION = 1


class GroupPlan(NamedTuple):
    """What happens to one group.

    Attributes:
        name: the group's name.
        kind: what block it is the inside of.
        anchor: parameter and axis that number its channels.
        size: how many channels it has.
        pruned: numbers of the channels that go, ascending.
        criterion: what scored them.
        threshold: the score above which channels were candidates; None where a ratio was asked for.
        scores: one for each channel.
    """

    name: str
    kind: str
    anchor: Tuple[str, int]
    size: int
    pruned: Tuple[int, ...]
    criterion: str
    threshold: Optional[float]
    scores: Tuple[float, ...]

    @property
    def kept(self) -> Tuple[int, ...]:
        """Numbers of the channels that stay, ascending."""
        gone = set(self.pruned)
        return tuple(number for number in range(self.size) if number not in gone)


class PruningPlan(NamedTuple):
    """Plans of all groups chosen; fits every checkpoint of the same network."""

    groups: Tuple[GroupPlan, ...]

    @property
    def pruned_count(self) -> int:
        """How many channels go."""
        return sum(len(group.pruned) for group in self.groups)

    def to_json(self) -> str:
        """Writes the plan as JSON, a line for each group."""
        groups = [json.dumps(dict(group._asdict(), anchor={'parameter': group.anchor[0], 'axis': group.anchor[1]},
                                  kept=list(group.kept), pruned=list(group.pruned),
                                  scores=[round(score, 6) for score in group.scores])) for group in self.groups]
        return '{"tf1pruning_plan": %d, "groups": [\n%s\n]}\n' % (VERSION, ',\n'.join(groups))

    def content(self) -> Dict[str, Any]:
        """Returns what the JSON holds."""
        content: Dict[str, Any] = json.loads(self.to_json())
        return content

    def save(self, path: str) -> None:
        """Writes the plan to a file."""
        write_text(path, self.to_json())

    @classmethod
    def load(cls, path: str) -> 'PruningPlan':
        """Reads a plan.

        Raises:
            PlanError: the file is missing or is no plan.
        """
        try:
            return cls.from_dict(load_json(path))
        except OSError as error:
            raise PlanError('cannot read plan %s: %s' % (path, error.strerror)) from error
        except ValueError as error:
            raise PlanError('%s is not a pruning plan, or it is damaged (%s): make it again with `tf1pruning prune` or '
                            '`soft-prune`' % (path, error)) from error

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> 'PruningPlan':
        """Reads what `to_json` wrote.

        Raises:
            PlanError: it is something else.
        """
        if not isinstance(content, Mapping) or content.get('tf1pruning_plan') != VERSION:
            raise PlanError('no "tf1pruning_plan": %d in it' % VERSION)
        try:
            return cls(tuple(_group_plan(each) for each in content['groups']))
        except KeyError as error:
            raise PlanError('no %s in it' % error) from error
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            raise PlanError(str(error)) from error


def _group_plan(each: Mapping[str, Any]) -> GroupPlan:
    """Reads one group of a plan."""
    size, pruned = _whole(each['size']), tuple(sorted({_whole(number) for number in each['pruned']}))
    if pruned and not 0 <= pruned[0] <= pruned[-1] < size:
        raise PlanError('group %s of %d channels cannot lose channel %d'
                        % (each['name'], size, pruned[-1] if pruned[-1] >= size else pruned[0]))
    if pruned and len(pruned) >= size:
        raise PlanError('group %s would lose all its channels' % each['name'])
    anchor, threshold = each['anchor'], each['threshold']
    return GroupPlan(str(each['name']), str(each['kind']), (str(anchor['parameter']), _whole(anchor['axis'])), size,
                     pruned, str(each['criterion']), None if threshold is None else float(threshold),
                     tuple(float(score) for score in each['scores']))


def _whole(number: Any) -> int:
    if isinstance(number, bool) or int(number) != number:
        raise PlanError('%r is no whole number' % (number,))
    return int(number)


def removed_ids(channels: Channels, plan: PruningPlan) -> np.ndarray:
    """Finds a plan's channels in an analysis, of the same checkpoint or of a sibling.

    Returns:
        For every id, whether it goes.

    Raises:
        PlanError: the plan is for another network.
    """
    labels = np.zeros(channels.pinned.size, bool)
    known: Dict[Tuple[Tuple[str, int], int], List[Group]] = {}
    for group in channels.groups:
        known.setdefault((group.anchor, group.size), []).append(group)
    for each in plan.groups:
        alike = known.get((each.anchor, each.size), [])
        if not alike:
            raise PlanError('the plan does not fit the model, which has no group of %d channels in axis %d of %s: '
                            'make a plan for this model' % (each.size, each.anchor[1], each.anchor[0]))
        group = next((group for group in alike if group.name == each.name), alike[0])
        labels[group.classes[list(each.pruned)]] = True
    removed = labels[channels.labels]
    for divided in channels.divided:
        if any(piece.size and removed[piece].all() for piece in divided.pieces):
            raise PlanError('the plan leaves nothing of a piece that %s takes' % (divided.node or 'a slice'))
    return removed


def pruned_slices(channels: Channels, plan: PruningPlan) -> Dict[str, Dict[int, np.ndarray]]:
    """Returns, for every parameter that loses something, the indices that go along each axis."""
    removed = removed_ids(channels, plan)
    along = [(name, axis, ids) for name, axes in channels.axes.items() for axis, ids in enumerate(axes)]
    gone = np.flatnonzero(removed[np.concatenate([ids for _, _, ids in along])]) if along else np.zeros(0, int)
    starts = np.cumsum([0] + [ids.size for _, _, ids in along])
    places = np.searchsorted(gone, starts)
    found: Dict[str, Dict[int, np.ndarray]] = {}
    for number in np.flatnonzero(np.diff(places)):
        name, axis, _ = along[number]
        found.setdefault(name, {})[axis] = gone[places[number]:places[number + 1]] - starts[number]
    return found


def plan_from_channels(channels: Channels, chosen: Mapping[str, Sequence[int]], criterion: str = 'given',
                       threshold: Optional[float] = None) -> PruningPlan:
    """Makes a plan from given channel numbers by group name.

    Raises:
        PlanError: a group or a channel that the model does not have.
    """
    kinds = block_kinds(channels)
    groups = {group.name: group for group in channels.groups}
    plans: List[GroupPlan] = []
    for name, numbers in chosen.items():
        if name not in groups:
            raise PlanError('the model has no group %r; it has %s' % (name, ', '.join(sorted(groups)[:5]) or 'none'))
        group = groups[name]
        pruned = tuple(sorted({int(number) for number in numbers}))
        if pruned and (pruned[0] < 0 or pruned[-1] >= group.size or len(pruned) >= group.size):
            raise PlanError('group %s has %d channels: cannot prune %s' % (name, group.size, list(pruned)[-3:]))
        plans.append(GroupPlan(name, kinds[name], group.anchor, group.size, pruned, criterion, threshold, ()))
    return PruningPlan(tuple(plans))


