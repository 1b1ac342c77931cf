"""Which examples a calibration run takes."""

from typing import Dict, List, NamedTuple

from ..calibration import Example, Scaling, Wanted, inputs_of, load_examples
from ..calibration.scaling import PIXELS
from ..errors import OptionError
from ..evaluation import Labelled, load_labelled
from ..graph.shapes import declared_shape
from ..graph.view import parse_tensor
from ..model.model import Model


class Calibration(NamedTuple):
    """Examples in files.

    Attributes:
        path: see `calibration.load_examples`.
        number: how many, spread evenly over all there are.
        scaling: from pixels to what the model takes.
        batch: how many at once, where the model leaves that open.
    """

    path: str
    number: int = 512
    scaling: Scaling = PIXELS
    batch: int = 32

    def check(self) -> None:
        """Checks the ranges.

        Raises:
            OptionError: a number is below 1.
        """
        for name, value in (('count', self.number), ('batch', self.batch)):
            if value < 1:
                raise OptionError('%s (--%s) %d: it must be at least 1' % (name, name, value))

    def examples(self, model: Model) -> List[Example]:
        """Reads batches for a model in inference form.

        Raises:
            DataError: the files are missing, damaged, or do not fit.
            OptionError: images for a model without an image as its only input.
        """
        self.check()
        wanted = dict(inputs_of(model))
        if all(self._is_open(model, name) for name in wanted):
            wanted = {name: each._replace(shape=(min(self.batch, self.number), *each.shape[1:]))
                      for name, each in wanted.items()}
        return load_examples(self.path, wanted, max(1, self.number // _batch_of(wanted)), self.scaling)

    def labelled(self, model: Model) -> Labelled:
        """Reads the same examples with their labels.

        Raises:
            DataError: the files are missing or damaged, do not fit, or have no labels.
        """
        self.check()
        return load_labelled(self.path, inputs_of(model), self.number, self.scaling)

    @staticmethod
    def _is_open(model: Model, name: str) -> bool:
        """Whether an input takes any number of examples, and nobody has said how many."""
        node = parse_tensor(name).node
        given = {parse_tensor(key).node: each.shape for key, each in model.inputs.items()}.get(node)
        shape = given or declared_shape(model.view.nodes[node])
        return shape is not None and len(shape) > 0 and shape[0] is None


def _batch_of(wanted: Dict[str, Wanted]) -> int:
    return max(each.batch for each in wanted.values()) if wanted else 1
