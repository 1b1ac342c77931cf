"""A YAML file → a model, passes in order, verification, exports."""

from .config import PipelineConfig
from .runner import Outcome, dry_run, run_pipeline

__all__ = ['Outcome', 'PipelineConfig', 'dry_run', 'run_pipeline']
