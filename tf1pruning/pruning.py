"""`Pruning`: the class that threshold loops in training scripts use."""

import json
import logging
import os
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

import numpy as np

from .activations import Calibration
from .channels import Channels, Group
from .channels.blocks import select_groups
from .choice import choose, measured
from .dictionaries import (
    bias_variables,
    convolution_variables,
    filter_lines,
    group_convolutions,
    strip_nodes,
    strip_variables,
    summary_lines,
)
from .errors import NameNotFoundError, OptionError
from .files import atomic_files, write_text
from .filters_file import filters_of, plan_from_filters, read_filters
from .graph.inference import Scalar
from .model.checkpoint import resolve_prefix, save_checkpoint
from .model.frozen import save_frozen
from .model.model import Model
from .passes.soft_prune import soft_prune, zeros_of
from .passes.strip import find_unconverged, strip
from .passes.to_inference import to_inference
from .plan import PruningPlan
from .ranking import Amount
from .report.counts import before_after
from .verify import Difference, difference_of, verify
from .workbench import Workbench, parse_input

logger = logging.getLogger(__name__)
ZERO = 1e-9
"""A slice with Σ|w| below this counts as zero in the summary."""


class Pruning:
    """Soft-prunes inverted-residual and SE blocks of a checkpoint, and strips them after retraining.

    `pruning_process()` → retrain → `get_retrained_ckpt()` → `get_pruning_summary()` as often as wanted, then
    `get_rebuild_graph()` → `get_strip_params()` → `get_strip_ckpt()`. Everything is written under `output_dir`; the
    process-wide default graph is never touched.

    Args:
        input_ckpt_path: checkpoint prefix, or a folder with a `checkpoint` file; its `.meta` lies beside it.
        scope_names: blocks to prune, matched by whole name segments; empty finds IR and SE blocks by itself.
        scope_conv_dict: restricts the groups to those named here (as `get_pruning_params` wrote it).
        conv_vars_dict: accepted for scripts that pass it back; what the graph says counts.
        bias_vars_dict: likewise.
        pruning_filters_dict: filters to prune, instead of choosing them.
        pruned_ckpt_path: a soft-pruned checkpoint made earlier.
        retrained_ckpt_path: a retrained checkpoint made earlier.
        rebuild_meta_graph: the inference graph (path of a `.meta`); None derives it from the training graph.
        input_tensors_map: tensor of the graph → placeholder that replaces it: a name, `(name, shape)` or a tensor.
        ckpt_to_strip: checkpoint to strip, if it is not the rebuilt one.
        strip_nodes_dict: accepted for scripts that pass it back.
        strip_vars_dict: likewise.
        output_dir: where everything goes; None means the checkpoint's folder.
        output_nodes: names of the output nodes, separated by commas, or a list of them.
        export_ckpt_path: prefix of the stripped checkpoint, if not `Stripped_Dir/<ckpt>`.
        export_pb_path: path of the frozen graph, if not `Stripped_Dir/modify.pb`.
        feeds: values of placeholders that are no inputs, e.g. `{'is_training': False}`.
        criterion: name of the criterion that scores filters.
        align: what remains of a group is a multiple of this.
        calibration: the examples for criteria that look at activations.

    Attributes:
        plan: the channels chosen; None before `get_pruning_filters`.
        report: counts before and after, and differences; filled by `get_strip_ckpt` and `verify`.
    """

    def __init__(self, input_ckpt_path: str, scope_names: Sequence[str] = (),
                 scope_conv_dict: Optional[Mapping[str, Any]] = None,
                 conv_vars_dict: Optional[Mapping[str, Any]] = None,
                 bias_vars_dict: Optional[Mapping[str, Any]] = None,
                 pruning_filters_dict: Optional[Mapping[str, Any]] = None,
                 pruned_ckpt_path: str = '', retrained_ckpt_path: str = '', rebuild_meta_graph: Optional[str] = None,
                 input_tensors_map: Optional[Mapping[Any, Any]] = None, ckpt_to_strip: str = '',
                 strip_nodes_dict: Optional[Mapping[str, Any]] = None,
                 strip_vars_dict: Optional[Mapping[str, Any]] = None, output_dir: Optional[str] = None,
                 output_nodes: Union[str, Sequence[str]] = 'output', export_ckpt_path: str = '',
                 export_pb_path: str = '', feeds: Optional[Mapping[str, Scalar]] = None,
                 criterion: str = 'redundancy', align: int = 4, calibration: Optional[Calibration] = None) -> None:
        self.input_ckpt_path = resolve_prefix(input_ckpt_path)
        self.scope_names = [scope_names] if isinstance(scope_names, str) else list(scope_names)
        self.scope_conv_dict = dict(scope_conv_dict or {})
        self.conv_vars_dict = dict(conv_vars_dict or {})
        self.bias_vars_dict = dict(bias_vars_dict or {})
        self.pruning_filters_dict = dict(pruning_filters_dict or {})
        self.pruned_ckpt_path = pruned_ckpt_path
        self.retrained_ckpt_path = retrained_ckpt_path
        self.rebuild_meta_graph = rebuild_meta_graph
        self.input_tensors_map = dict(input_tensors_map or {})
        self.ckpt_to_strip = ckpt_to_strip
        self.strip_nodes_dict = dict(strip_nodes_dict or {})
        self.strip_vars_dict = dict(strip_vars_dict or {})
        self.output_dir = output_dir if output_dir is not None else os.path.dirname(self.input_ckpt_path) or '.'
        names = output_nodes.split(',') if isinstance(output_nodes, str) else output_nodes
        self.output_nodes = tuple(name.strip() for name in names if name.strip())
        self.export_ckpt_path = export_ckpt_path
        self.export_pb_path = export_pb_path
        self.criterion = criterion
        self.align = align
        self.calibration = calibration
        self.threshold = 0.6
        self.plan: Optional[PruningPlan] = None
        self.report: Dict[str, Any] = {}
        self._restrict_to = set(self.scope_conv_dict)
        self._stripped: Optional[Model] = None
        self._latest = retrained_ckpt_path or pruned_ckpt_path or self.input_ckpt_path
        inputs = dict(parse_input(tensor, value) for tensor, value in self.input_tensors_map.items())
        self._workbench = Workbench(self.output_nodes, inputs, feeds or {}, rebuild_meta_graph,
                                    [resolve_prefix(ckpt_to_strip)] if ckpt_to_strip else [])

    def set_output_dir(self, dir_path: str) -> None:
        """Sets the folder that everything is written under."""
        self.output_dir = dir_path

    def set_threshold(self, value: float) -> None:
        """Sets the redundancy above which filters are pruned.

        Raises:
            OptionError: it is outside (0, 1].
        """
        if not isinstance(value, (int, float)) or not 0 < value <= 1:
            raise OptionError('threshold %r is outside (0, 1]: give a number' % (value,))
        self.threshold = float(value)

    def get_pruning_params(self) -> Dict[str, Dict[str, int]]:
        """Finds the convolutions of every block and the axis to prune; writes the three `Pruning_Dict` files.

        Returns:
            Block → convolution → axis of its kernel.

        Raises:
            NameNotFoundError: a scope or an output node does not exist.
        """
        channels = self._channels(self.input_ckpt_path)
        groups = self._groups(channels)
        self.scope_conv_dict = group_convolutions(channels, groups)
        self.conv_vars_dict = convolution_variables(channels, groups)
        self.bias_vars_dict = bias_variables(channels, groups)
        self._write_dict('Scope_Conv_Dict', self.scope_conv_dict)
        self._write_dict('Conv_Vars_Dict', self.conv_vars_dict)
        self._write_dict('Bias_Vars_Dict', self.bias_vars_dict)
        return self.scope_conv_dict

    def get_pruning_filters(self) -> Dict[str, Dict[str, List[int]]]:
        """Scores the filters and chooses those that go; writes `Pruning_Dict/Pruned_Filters` and `plan.json`.

        Returns:
            Block → convolution → indices along its pruned axis.
        """
        channels = self._channels(self.input_ckpt_path)
        groups = self._groups(channels)
        plan = choose(channels, groups, Amount(self.threshold, align=self.align), self.criterion,
                      activations=measured(channels, groups, self.criterion, self.calibration))
        if not plan.pruned_count:
            logger.info('no filter is above threshold %g: this step prunes nothing', self.threshold)
        self._use(channels, plan)
        return self.pruning_filters_dict

    def get_pruning_ckpt(self, pruning_filters_path: Optional[str] = None) -> str:
        """Sets the chosen filters to zero in `Pruned_Dir/<ckpt>`, slots included.

        Args:
            pruning_filters_path: filters to use instead: JSON, or an old pickle of plain data.

        Returns:
            The checkpoint to retrain from.

        Raises:
            PlanError: the filters do not fit the model.
        """
        channels = self._channels(self.input_ckpt_path)
        if pruning_filters_path:
            self._use(channels, plan_from_filters(channels, self._groups(channels), read_filters(pruning_filters_path)))
        plan = self._plan(channels)
        model = soft_prune(self._workbench.model(self.input_ckpt_path), channels, plan)
        folder = os.path.join(self.output_dir, 'Pruned_Dir')
        with atomic_files(folder) as temporary:
            save_checkpoint(model, temporary)
            write_text(os.path.join(temporary, 'Pruned_Filters.txt'), filter_lines(channels, plan))
        self.pruned_ckpt_path = self._latest = os.path.join(folder, model.name)
        self._workbench.adopt(self.pruned_ckpt_path, model, channels.with_weights(model.weights))
        return self.pruned_ckpt_path

    def get_retrained_ckpt(self, dir: str) -> str:
        """Makes the latest checkpoint of a folder the next input; returns its prefix."""
        self.retrained_ckpt_path = self.input_ckpt_path = self._latest = resolve_prefix(dir)
        self.ckpt_to_strip = ''
        return self.retrained_ckpt_path

    def get_pruning_summary(self) -> float:
        """Counts the chosen filters that are not zero after retraining; writes `Pruning_Summary.txt` beside them.

        Returns:
            failed_rate: filters with Σ|w| ≥ 1e-9 / filters chosen, over every pruned convolution; 0.0 for none.
        """
        path = self.retrained_ckpt_path or self._latest
        channels = self._channels(path)
        text, rate = summary_lines(channels, channels.model, self._plan(channels), ZERO)
        write_text(os.path.join(os.path.dirname(path), 'Pruning_Summary.txt'), text)
        return rate

    def pruning_process(self, retrain: bool = False) -> str:
        """Params, filters, checkpoint; with `retrain` the same filters are set to zero again in the latest input.

        Returns:
            The checkpoint to retrain from.
        """
        if not retrain:
            self.get_pruning_params()
            self.get_pruning_filters()
        return self.get_pruning_ckpt()

    @property
    def zeros(self) -> Dict[str, Dict[int, np.ndarray]]:
        """What must stay zero while retraining: variable → axis → indices; for `training.HoldZeros`."""
        channels = self._channels(self._latest)
        return zeros_of(channels, self._plan(channels))

    def get_rebuild_graph(self) -> str:
        """Writes the inference graph with the latest weights: `Rebuild_CKPT/<ckpt>` and `<ckpt>.pbtxt`.

        Returns:
            The prefix, which `get_strip_ckpt` takes.
        """
        channels = self._channels(self._latest)
        folder = os.path.join(self.output_dir, 'Rebuild_CKPT')
        with atomic_files(folder) as temporary:
            save_checkpoint(channels.model, temporary, pbtxt=True)
        self.ckpt_to_strip = os.path.join(folder, channels.model.name)
        self._workbench.adopt(self.ckpt_to_strip, channels.model, channels)
        return self.ckpt_to_strip

    def get_strip_params(self) -> Dict[str, Dict[int, List[int]]]:
        """Finds what is to be cut; writes `Pruning_Dict/Strip_Nodes_Dict` and `Strip_Vars_Dict`.

        Returns:
            Variable → axis → indices that go.
        """
        channels = self._channels(self._path_to_strip())
        self.strip_nodes_dict = strip_nodes(channels, self._plan(channels))
        self.strip_vars_dict = strip_variables(channels, self._plan(channels))
        self._write_dict('Strip_Nodes_Dict', self.strip_nodes_dict)
        self._write_dict('Strip_Vars_Dict', self.strip_vars_dict)
        return self.strip_vars_dict

    def get_strip_ckpt(self, zero_unconverged: bool = False) -> str:
        """Removes the zero filters: `Stripped_Dir/<ckpt>` and the frozen `Stripped_Dir/modify.pb`.

        Where the checkpoint to strip holds a training graph, that is stripped too, slots and moving averages
        included, so that training goes on from it; `modify.pb` is its inference form.

        Args:
            zero_unconverged: set filters to zero that are not; by how much that changes the output is measured on
                random inputs, logged, and put into `report['zeroing_changed_output']`.

        Returns:
            The prefix of the stripped checkpoint.

        Raises:
            NotZeroError: filters are not zero, and `zero_unconverged` is not set.
        """
        path = self._path_to_strip()
        channels, source = self._channels(path), self._workbench.model(path)
        plan = self._plan(channels)
        if zero_unconverged and find_unconverged(source, channels, plan):
            changed = difference_of(channels.model, soft_prune(channels.model, channels, plan))
            logger.warning('setting unconverged filters to zero changes the output by %.2e relative', changed.relative)
            self.report['zeroing_changed_output'] = changed.relative
        stripped = strip(source, channels, plan, zero_unconverged)
        self._stripped = stripped if source is channels.model else to_inference(stripped)
        prefix = self.export_ckpt_path or os.path.join(self.output_dir, 'Stripped_Dir', stripped.name)
        with atomic_files(os.path.dirname(os.path.abspath(prefix))) as temporary:
            save_checkpoint(stripped.replace(name=os.path.basename(prefix)), temporary)
            plan.save(os.path.join(temporary, 'plan.json'))
            save_frozen(self._stripped, self.export_pb_path or os.path.join(temporary, 'modify.pb'))
        self.report.update(before_after(channels.model, self._stripped, path, prefix))
        self._write_report(prefix)
        return prefix

    def verify(self, inputs: Optional[Mapping[str, np.ndarray]] = None) -> Difference:
        """Compares the soft-pruned and the stripped model elementwise on the same inputs; adds to `report`.

        Args:
            inputs: values by tensor name; None draws seeded random ones.

        Raises:
            OptionError: nothing has been stripped yet.
            VerificationError: they differ by more than rounding.
        """
        if self._stripped is None:
            raise OptionError('nothing is stripped yet: call get_strip_ckpt() first')
        channels = self._channels(self._path_to_strip())
        reference = soft_prune(channels.model, channels, self._plan(channels))
        difference = verify(reference, self._stripped, inputs)
        self.report['stripped_vs_soft_pruned'] = dict(difference._asdict())
        self._write_report(self.export_ckpt_path or os.path.join(self.output_dir, 'Stripped_Dir', 'ckpt'))
        return difference

    def _channels(self, path: str) -> Channels:
        return self._workbench.channels(path)

    def _groups(self, channels: Channels) -> List[Group]:
        groups = select_groups(channels, self.scope_names)
        if self._restrict_to:
            groups = [group for group in groups if group.name in self._restrict_to
                      or any(node in self._restrict_to for node in group.producers)]
            if not groups:
                raise NameNotFoundError.closest('block in scope_conv_dict', sorted(self._restrict_to)[0],
                                                [group.name for group in channels.groups])
        return groups

    def _use(self, channels: Channels, plan: PruningPlan) -> None:
        self.plan = plan
        self.pruning_filters_dict = filters_of(channels, plan)
        self._write_dict('Pruned_Filters', self.pruning_filters_dict)
        plan.save(os.path.join(self.output_dir, 'Pruning_Dict', 'plan.json'))

    def _plan(self, channels: Channels) -> PruningPlan:
        if self.plan is None and self.pruning_filters_dict:
            self._use(channels, plan_from_filters(channels, self._groups(channels), self.pruning_filters_dict))
        if self.plan is None:
            raise OptionError('no filters are chosen yet: call get_pruning_filters(), or give pruning_filters_dict')
        return self.plan

    def _path_to_strip(self) -> str:
        return resolve_prefix(self.ckpt_to_strip) if self.ckpt_to_strip else self._latest

    def _write_dict(self, name: str, content: Mapping[str, Any]) -> None:
        lines = ['%s: %s' % (json.dumps(str(key)), json.dumps(value)) for key, value in content.items()]
        write_text(os.path.join(self.output_dir, 'Pruning_Dict', name + '.json'), '{\n%s\n}\n' % ',\n'.join(lines))

    def _write_report(self, prefix: str) -> None:
        write_text(os.path.join(os.path.dirname(prefix), 'report.json'), json.dumps(self.report, indent=1) + '\n')
