"""One way to feed and to read a model file, whatever runs it."""

import abc
from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, TypeVar

import numpy as np

from ..errors import ModelError, NameNotFoundError


class Port(NamedTuple):
    """An input or an output.

    Attributes:
        name: as the file spells it.
        shape: sizes, None where the file leaves one open; None altogether for an unknown rank.
        dtype: of the arrays that are given or taken; those of quantised ports are float32.
    """

    name: str
    shape: Optional[Tuple[Optional[int], ...]]
    dtype: Any


Own = TypeVar('Own', bound='Runtime')


class Runtime(abc.ABC):
    """A model file, loaded and ready to run.

    Attributes:
        inputs: what must be fed.
        outputs: what comes out, in the order in which `run` returns it.
    """

    inputs: Tuple[Port, ...] = ()
    outputs: Tuple[Port, ...] = ()

    @abc.abstractmethod
    def run(self, feeds: Sequence[np.ndarray]) -> List[np.ndarray]:
        """Runs the model once.

        Args:
            feeds: an array for each of `inputs`, in their order.

        Returns:
            An array for each of `outputs`; quantised ones as the numbers that they stand for.

        Raises:
            ModelError: the runtime refuses to run it.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Lets go of the model."""

    def run_named(self, feeds: Mapping[str, np.ndarray], outputs: Sequence[str]) -> List[np.ndarray]:
        """Runs the model on arrays by tensor name, as in TensorFlow, and returns outputs by their names there.

        Raises:
            NameNotFoundError: the file has inputs or outputs of other names, and another number of them.
            ModelError: the runtime refuses to run it.
        """
        values = self.run([feeds[name] for name in pair(self.inputs, list(feeds))])
        found = dict(zip(pair(self.outputs, outputs), values))
        return [found[name] for name in outputs]

    def __enter__(self: Own) -> Own:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def pair(ports: Sequence[Port], names: Sequence[str]) -> List[str]:
    """Returns, for every port, the tensor name that means it: by name, or by place where a converter made up names.

    Two outputs that are the same tensor may have the same name in a file.

    Raises:
        NameNotFoundError: neither fits.
    """
    spellings: Tuple[Callable[[str], str], ...] = (str, _stem)
    for spelled in spellings:
        own, wanted = [spelled(port.name) for port in ports], {spelled(name): name for name in names}
        if sorted(own) == sorted(map(spelled, names)) and len(wanted) == len(names):
            return [wanted[name] for name in own]
    if len(ports) != len(names):
        raise NameNotFoundError('the file has %s, but the model %s' % (
            ', '.join(port.name for port in ports) or 'none', ', '.join(names) or 'none'))
    return list(names)


def _stem(name: str) -> str:
    return name[:-2] if name.endswith(':0') else name


def example_feeds(runtime: Runtime, batch: int = 1, seed: int = 7) -> List[np.ndarray]:
    """Draws uniform numbers in [0, 1) for every input; sizes that the file leaves open are the batch size, then 1.

    Raises:
        ModelError: an input takes text.
    """
    random = np.random.RandomState(seed)
    for port in runtime.inputs:
        if np.dtype(port.dtype).kind not in 'biuf':
            raise ModelError('input %s takes no numbers: name a file whose inputs do' % port.name)
    shapes = [[(batch if axis == 0 else 1) if size is None else size for axis, size in enumerate(port.shape or ())]
              for port in runtime.inputs]
    return [np.asarray(random.uniform(0, 1, shape)).astype(port.dtype)
            for shape, port in zip(shapes, runtime.inputs)]
