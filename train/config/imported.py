"""A network that comes with its checkpoint, without its source."""

import dataclasses

from tf1pruning.typed_yaml import require

from .model import ModelConfig


@dataclasses.dataclass(frozen=True)
class ImportedConfig(ModelConfig):
    """The graph of a checkpoint: for training or inference, as it was or stripped.

    Attributes:
        checkpoint: its prefix, or its folder; the training begins with its values.
        input: the tensor that the images come from, such as a placeholder.
        output: the logits.
        batch_norm_momentum: kept fraction of the moving statistics per step.
        hold_zeros: whether the zeros of its weight tensors, such as those of sparse branches, stay zero.
    """

    name: str = 'imported'
    checkpoint: str = ''
    input: str = 'input'
    output: str = 'logits'
    batch_norm_momentum: float = 0.99
    hold_zeros: bool = False

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require(0 <= self.batch_norm_momentum < 1, 'batch_norm_momentum must be from 0 to below 1, not %s'
                % self.batch_norm_momentum)
        require(bool(self.input and self.output), 'input and output must be named')
