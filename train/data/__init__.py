"""Images by name, and the pipeline that feeds them to an estimator."""

from .digits import load_digits
from .pipeline import evaluation_input_fn, training_input_fn
from .split import Images, Split

__all__ = ['DATASETS', 'Images', 'Split', 'evaluation_input_fn', 'load_digits', 'training_input_fn']

DATASETS = {'digits': load_digits}
"""Functions of a test fraction, a seed and an image size that return `Images`."""
