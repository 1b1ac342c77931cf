"""What benchmarks on CIFAR-10 networks that others trained have in common: their images, and the accuracy on them."""

import argparse
from typing import Optional

from tf1pruning.calibration import Scaling
from tf1pruning.evaluation import Evaluator, Labelled
from tf1pruning.model.model import Model

SCALING = Scaling((120.7076,), (64.1501,))
"""As the author of the networks normalised."""


def accuracy(model: Model, labelled: Labelled) -> float:
    """Returns the part of the images that are classified correctly."""
    with Evaluator(model, labelled) as evaluator:
        return evaluator.evaluate().accuracy


def parser_of(description: Optional[str], examples: int, seen_by: str) -> argparse.ArgumentParser:
    """Returns a parser that asks for a network, examples to change it by, and images to measure it on.

    Args:
        description: of the program.
        examples: how many are seen if nothing else is said.
        seen_by: what sees them, for the help.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ('--model', '--calibration', '--test'):
        parser.add_argument(name, required=True)
    parser.add_argument('--outputs', default='logits')
    parser.add_argument('--examples', type=int, default=examples, help='that %s' % seen_by)
    parser.add_argument('--images', type=int, default=2000, help='that the accuracy is measured on')
    return parser
