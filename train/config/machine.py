"""What a training runs on."""

import dataclasses

from tf1pruning.typed_yaml import require

DISTRIBUTIONS = ('none', 'mirrored', 'multi_worker_mirrored', 'parameter_server')
CLUSTERS = DISTRIBUTIONS[2:]
"""Those that several processes take part in, as `TF_CONFIG` says."""


@dataclasses.dataclass(frozen=True)
class MachineConfig:
    """The machine, or the machines. What a training comes to does not depend on the other two.

    Attributes:
        distribute: none; mirrored (every device of this machine has a copy, all take each step together);
            multi_worker_mirrored (so have the devices of several machines); or parameter_server (every worker takes
            steps of its own on variables that they share).
        replicas: of mirrored: how many devices; 0 for every GPU, or one processor where there is none.
        allow_growth: GPU memory is taken when it is needed, not all at once.
        bfloat16: convolutions and products on CPUs in bfloat16 where oneDNN finds that safe, in training alone; batch
            norm stays in float32. TensorFlow 2.x only. Slower on CPUs without instructions for it, and in networks of
            depthwise convolutions.
    """

    distribute: str = 'none'
    replicas: int = 0
    allow_growth: bool = False
    bfloat16: bool = False

    def __post_init__(self) -> None:
        """Refuses what there is not."""
        require(self.distribute in DISTRIBUTIONS, 'distribute must be one of %s, not %r' % (
            ', '.join(DISTRIBUTIONS), self.distribute))
        require(self.replicas >= 0, 'replicas must not be negative: %d' % self.replicas)
        require(not self.replicas or self.distribute == 'mirrored', 'replicas is for distribute: mirrored')
