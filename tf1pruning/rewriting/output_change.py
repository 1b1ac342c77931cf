"""How far a model's outputs move when its weights change."""

from typing import Any, Dict

from ..errors import VerificationError
from ..model.model import Model
from ..pipeline import runnable_part
from ..verify import TOLERANCE, compare, random_inputs, run


def output_change(before: Model, changed: Model, written: Model) -> Dict[str, Any]:
    """Runs three models on the same random inputs.

    Args:
        before: the model as it was, in inference form.
        changed: with other weights.
        written: the same, read from its files.

    Returns:
        How far the outputs are from what they were: relative, absolute, output.

    Raises:
        VerificationError: the written model does not compute what the one in memory does.
    """
    inputs = random_inputs(before)
    expected = run(runnable_part(changed), inputs)
    difference = compare(expected, run(runnable_part(written), inputs), before.outputs)
    if not difference.relative <= TOLERANCE:
        raise VerificationError('what was written differs from what was computed by %.2e relative at output %s; '
                                'nothing was left' % (difference.relative, difference.output))
    return dict(compare(run(before, inputs), expected, before.outputs)._asdict())
