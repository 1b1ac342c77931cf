"""What a person should be told of a result that is right but hardly what was meant."""

from ..plan import PruningPlan


def nothing_pruned(plan: PruningPlan, align: int = 1) -> str:
    """Says why a plan prunes nothing; empty where it prunes something.

    Args:
        plan: the plan.
        align: the multiple that its groups were aligned to.
    """
    if plan.pruned_count:
        return ''
    if not plan.groups:
        return ('nothing was pruned: no channels of the scopes asked for can be, or all are excluded (`tf1pruning '
                'inspect` shows which can)')
    scored = [group for group in plan.groups if group.threshold is not None and group.scores]
    highest = max((max(group.scores) for group in scored), default=1.0)
    if scored and highest <= (scored[0].threshold or 0.0):
        return 'nothing was pruned: no score is above %g, the highest is %.3g' % (scored[0].threshold or 0.0, highest)
    largest = max(group.size for group in plan.groups)
    if largest <= align:
        return ('nothing was pruned: what remains of a group is a multiple of %d, and the largest has %d channels; '
                'choose a smaller alignment' % (align, largest))
    more = 'ask for more, or allow more (--max-ratio, --min-channels)'
    if align == 1:
        return 'nothing was pruned: no channel was chosen; ' + more
    return ('nothing was pruned: in no group enough channels go to leave a multiple of %d; %s, or choose a smaller '
            'alignment' % (align, more))
