"""What a pipeline's YAML file says."""

import dataclasses
from typing import Dict, Optional, Tuple

from ..activations import Calibration
from ..calibration import Scaling
from ..choice import Selection
from ..criteria import COMBINE, CRITERIA, MEASURED
from ..exports.formats import FORMATS
from ..ranking import Amount
from ..typed_yaml import one_of, require


@dataclasses.dataclass(frozen=True)
class InputConfig:
    """A tensor where the data come in.

    Attributes:
        shape: sizes, null where one is open; none at all takes the graph's own.
    """

    shape: Optional[Tuple[Optional[int], ...]] = None

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require(all(size is None or size >= 1 for size in self.shape or ()), 'shape: a size is below 1')


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """What is compressed.

    Attributes:
        path: checkpoint prefix, folder with a `checkpoint` file, frozen `.pb`, or folder of a SavedModel.
        outputs: names of the output nodes; a SavedModel has its own.
        inputs: tensors to cut at, by name.
        flags: values of placeholders that are switches, such as is_training.
        numbers: values of other placeholders, such as keep_prob.
    """

    path: str
    outputs: Tuple[str, ...] = ()
    inputs: Dict[str, InputConfig] = dataclasses.field(default_factory=dict)
    flags: Dict[str, bool] = dataclasses.field(default_factory=dict)
    numbers: Dict[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class StageConfig:
    """One stage; `name` says which."""

    name: str = ''


@dataclasses.dataclass(frozen=True)
class SoftPruneConfig(StageConfig):
    """Choose channels and set them to zero; one of the first five says how much.

    Attributes:
        threshold: channels with a score above it.
        ratio: this part of every group.
        macs: this part of the MACs remains; likewise `parameters` and `bytes`.
        plan: a plan made earlier, in place of a choice.
        scopes: blocks, all, or names of blocks.
        exclude: what is left alone.
        criterion: what scores channels.
        combine: what is made of a channel's scores in several kernels.
        align: what remains of a group is a multiple of this.
        min_channels: at least so many stay in every group.
        max_ratio: at most this part of a group goes.
        together: channels of all groups compete.
        data: examples for criteria that look at activations, and to reconstruct on.
        count: how many of them.
        mean: the model takes (pixel − mean) / deviation.
        deviation: see `mean`.
        reconstruct: fit the weights that read pruned channels to what each layer put out before.
    """

    name: str = 'soft_prune'
    threshold: Optional[float] = None
    ratio: Optional[float] = None
    macs: Optional[float] = None
    parameters: Optional[float] = None
    bytes: Optional[float] = None
    plan: Optional[str] = None
    scopes: Tuple[str, ...] = ('all',)
    exclude: Tuple[str, ...] = ()
    criterion: str = 'redundancy'
    combine: str = 'mean'
    align: int = 4
    min_channels: int = 1
    max_ratio: float = 1.0
    together: bool = False
    data: Optional[str] = None
    count: int = 512
    mean: Tuple[float, ...] = (0.0,)
    deviation: Tuple[float, ...] = (255.0,)
    reconstruct: bool = False

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require(not self.reconstruct or self.data is not None, 'reconstruct fits weights on examples: give data')
        one_of(self.criterion, {**CRITERIA, **MEASURED}, 'criterion')
        require(self.criterion not in MEASURED or self.plan is not None or self.data is not None,
                'criterion %s looks at activations: give data' % self.criterion)
        require(self.count >= 1, 'count must be at least 1')
        require(all(self.deviation), 'deviation must not be 0')
        one_of(self.combine, COMBINE, 'combination')
        given = [each for each in (self.threshold, self.ratio, *self.targets.values(), self.plan) if each is not None]
        require(len(given) == 1, 'say how much goes: one of threshold, ratio, macs, parameters, bytes, plan')
        if self.plan is None:
            self.selection.amount.check()

    @property
    def targets(self) -> Dict[str, float]:
        """What remains, by what it counts."""
        return {name: value for name, value in (('macs', self.macs), ('parameters', self.parameters),
                                                ('bytes', self.bytes)) if value is not None}

    @property
    def selection(self) -> Selection:
        """The choice."""
        amount = Amount(self.threshold, self.ratio, self.targets or None, self.align, self.min_channels,
                        self.max_ratio, self.together)
        calibration = Calibration(self.data, self.count, Scaling(self.mean, self.deviation)) if self.data else None
        return Selection(amount, self.scopes, self.exclude, self.criterion, self.combine, calibration, self.reconstruct)


@dataclasses.dataclass(frozen=True)
class StripConfig(StageConfig):
    """Remove the channels that soft_prune chose."""

    name: str = 'strip'


@dataclasses.dataclass(frozen=True)
class FoldConfig(StageConfig):
    """Batch norms into the layers before them, identities out; what follows is a frozen graph."""

    name: str = 'fold'


@dataclasses.dataclass(frozen=True)
class VerifyConfig(StageConfig):
    """Run the model beside what the last lossy stage before it made, or the given one where there is none.

    Attributes:
        tolerance: largest relative difference; None: 1e-5, or what rounding alone does to the model where that is more.
    """

    name: str = 'verify'
    tolerance: Optional[float] = None

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require(self.tolerance is None or 0 <= self.tolerance < 1,
                'tolerance must be from 0 and below 1, not %s' % self.tolerance)


@dataclasses.dataclass(frozen=True)
class ExportConfig(StageConfig):
    """Files to ship, each compared with the model.

    Attributes:
        formats: see `exports.formats.FORMATS`.
        batch: a fixed batch size.
        calibration: examples, to measure activations on and to compare with.
        calibration_count: how many.
        mean: the model takes (pixel − mean) / deviation.
        deviation: see `mean`.
        inputs_as_nchw: let the ONNX model take images as N, C, H, W.
        allow_difference: write files that differ by more than their format's bound, too.
    """

    name: str = 'export'
    formats: Tuple[str, ...] = ('pb',)
    batch: Optional[int] = None
    calibration: Optional[str] = None
    calibration_count: int = 100
    mean: Tuple[float, ...] = (0.0,)
    deviation: Tuple[float, ...] = (255.0,)
    inputs_as_nchw: bool = False
    allow_difference: bool = False

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require(bool(self.formats), 'formats is empty')
        for name in self.formats:
            one_of(name, FORMATS, 'format')
        require('tflite_int8' not in self.formats or self.calibration is not None,
                'tflite_int8 measures activations on examples: give calibration')
        require(self.batch is None or self.batch >= 1, 'batch must be at least 1')
        require(self.calibration_count >= 1, 'calibration_count must be at least 1')
        require(all(self.deviation), 'deviation must not be 0')


@dataclasses.dataclass(frozen=True)
class PipelineConfig:
    """`configs/pipelines/*.yaml`.

    Attributes:
        model: what is compressed.
        stages: one after the other: soft_prune, strip, sparsify, cluster, decompose, fold, verify, export, pack.
        output: folder for the results.
    """

    model: ModelConfig
    stages: Tuple[StageConfig, ...]
    output: str = ''

    def __post_init__(self) -> None:
        """Refuses stages in an order that cannot be."""
        require(bool(self.stages), 'stages is empty')
        names = [stage.name for stage in self.stages]
        for position, name in enumerate(names):
            before = names[:position]
            if name == 'strip':
                require(before.count('soft_prune') > before.count('strip'),
                        'stages[%d]: strip removes what a soft_prune before it chose' % position)
            if name in ('soft_prune', 'strip', 'fold_constants', 'merge_duplicates'):
                require('fold' not in before, 'stages[%d]: %s comes before fold: its kernels are no variables then'
                        % (position, name))
            if name in ('soft_prune', 'fold_constants', 'merge_duplicates'):
                require(before.count('soft_prune') == before.count('strip'),
                        'stages[%d]: strip what the soft_prune before this one chose first' % position)
