"""Another loss for a model_fn that builds its train op itself."""

import contextlib
from typing import Any, Callable, Dict, Iterator, List, Set

from ..errors import UnsupportedError
from ..tf1 import tf


@contextlib.contextmanager
def replaced_loss(replace: Callable[[tf.Tensor], tf.Tensor]) -> Iterator[None]:
    """Lets every optimizer minimise, within the block, what `replace` makes of its loss.

    `compute_gradients` is patched in all optimizer classes there are, and put back at the end. Of optimizers that wrap
    others, as those that scale the loss do, only the outermost is given the other loss: it is scaled as a whole.

    Limits: gradients taken by `tf.gradients` are not seen; nor is a Keras optimizer. The patch holds for the process,
    so that two model functions must not be called at once, in threads.

    Args:
        replace: is called once for every loss.

    Raises:
        UnsupportedError: an optimizer is given a function instead of a tensor as its loss.
    """
    replaced: Dict[str, tf.Tensor] = {}
    inside: List[Any] = []

    def other(loss: Any) -> tf.Tensor:
        if not isinstance(loss, tf.Tensor):
            raise UnsupportedError('the optimizer is given a %s as its loss: give it a tensor' % type(loss).__name__)
        if loss.name not in replaced:
            replaced[loss.name] = replace(loss)
        return replaced[loss.name]

    def patched(original: Callable[..., Any]) -> Callable[..., Any]:
        def compute_gradients(self: Any, loss: Any, *args: Any, **kwargs: Any) -> Any:
            if inside:
                return original(self, loss, *args, **kwargs)
            inside.append(self)
            try:
                return original(self, other(loss), *args, **kwargs)
            finally:
                inside.pop()
        return compute_gradients

    originals = {kind: vars(kind)['compute_gradients'] for kind in _kinds(tf.train.Optimizer)
                 if 'compute_gradients' in vars(kind)}
    for kind, original in originals.items():
        kind.compute_gradients = patched(original)
    try:
        yield
    finally:
        for kind, original in originals.items():
            kind.compute_gradients = original


def _kinds(kind: Any) -> Set[Any]:
    return {kind}.union(*(_kinds(each) for each in kind.__subclasses__()))
