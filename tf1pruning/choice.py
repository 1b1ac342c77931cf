"""Choosing channels: what to prune and how much → a pruning plan."""

from typing import NamedTuple, Optional, Sequence, Tuple

from .activations import Activations, Calibration, activations_of, taylor_of
from .channels import Channels, Group
from .channels.blocks import exclude_groups, select_groups
from .criteria import MEASURED
from .errors import OptionError, PlanError
from .plan import PruningPlan
from .ranking import Amount, Ranking
from .target import meet_target

TAYLOR = 'taylor'
"""The criterion that needs labels."""


class Selection(NamedTuple):
    """What to prune and how much.

    Attributes:
        amount: how much goes.
        scopes: see `channels.blocks.select_groups`.
        exclude: scopes or groups to leave alone.
        criterion: a name in `criteria.CRITERIA` or `criteria.MEASURED`.
        combine: a name in `criteria.COMBINE`: what is made of a channel's scores in several kernels.
        calibration: the examples that the criteria in `MEASURED` look at.
        reconstruct: whether what reads pruned channels is fitted on the examples, see `reconstruction`.
        earlier: a plan that has been carried out already: its channels are chosen again, before any other.
    """

    amount: Amount
    scopes: Tuple[str, ...] = ('all',)
    exclude: Tuple[str, ...] = ()
    criterion: str = 'redundancy'
    combine: str = 'mean'
    calibration: Optional[Calibration] = None
    reconstruct: bool = False
    earlier: Optional[PruningPlan] = None

    def plan(self, channels: Channels) -> PruningPlan:
        """Chooses the channels of a model that go.

        Raises:
            NameNotFoundError: a scope matches nothing.
            OptionError: an option is out of its range, a target cannot be met, or nothing is left to choose from.
        """
        selected = select_groups(channels, self.scopes)
        groups = exclude_groups(channels, selected, self.exclude)
        if selected and not groups:
            raise OptionError('exclude (--exclude) leaves nothing of what the scopes (--scopes) name')
        return choose(channels, groups, self.amount, self.criterion, self.combine,
                      measured(channels, groups, self.criterion, self.calibration), self.earlier)


def measured(channels: Channels, groups: Sequence[Group], criterion: str, calibration: Optional[Calibration]
             ) -> Optional[Activations]:
    """Runs a model on the examples, where there are some and the criterion looks at activations.

    Raises:
        DataError: the examples are missing or do not fit.
        ModelError: activations are not finite.
    """
    if criterion not in MEASURED or calibration is None:
        return None
    if criterion == TAYLOR:
        return taylor_of(channels, groups, calibration.labelled(channels.model), calibration.batch)
    return activations_of(channels, groups, calibration.examples(channels.model))


class SameCounts(NamedTuple):
    """As many channels of the same groups as in a plan, chosen anew by the weights of the moment.

    Attributes:
        chosen: the plan.
        combine: as in `Selection`.
    """

    chosen: PruningPlan
    combine: str = 'mean'

    def plan(self, channels: Channels) -> PruningPlan:
        """Chooses the channels of a model that go.

        Raises:
            PlanError: the model lacks a group of the plan.
        """
        own = {group.name: group for group in channels.groups}
        for group in self.chosen.groups:
            if group.name not in own:
                raise PlanError('the plan is for another network: no group %s' % group.name)
        criterion = next((group.criterion for group in self.chosen.groups), 'redundancy')
        ranking = Ranking(channels, [own[group.name] for group in self.chosen.groups], criterion, self.combine,
                          Amount(ratio=0.0, align=1))
        return ranking.plan([len(group.pruned) for group in self.chosen.groups])


def choose(channels: Channels, groups: Sequence[Group], amount: Amount, criterion: str = 'redundancy',
           combine: str = 'mean', activations: Optional[Activations] = None,
           earlier: Optional[PruningPlan] = None) -> PruningPlan:
    """Scores the channels of some groups and chooses those that go.

    Args:
        channels: the analysis.
        groups: which groups may lose channels.
        amount: how much goes.
        criterion: name of the criterion.
        combine: what is made of a channel's scores in several kernels.
        activations: what a calibration run measured, for criteria that look at activations.
        earlier: see `Selection`.

    Raises:
        OptionError: an option is out of its range, or a target cannot be met.
    """
    amount.check()
    ranking = Ranking(channels, groups, criterion, combine, amount, activations, earlier)
    if amount.threshold is not None:
        return ranking.plan(ranking.above(amount.threshold))
    if amount.ratio is not None:
        return ranking.plan(ranking.part(amount.ratio))
    name, fraction = next(iter((amount.target or {}).items()))
    return ranking.plan(meet_target(ranking, name, fraction))
