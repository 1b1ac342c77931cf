"""Self-distillation: a pruned network learns from the network it was before (Hinton et al., arXiv 1503.02531)."""

import functools
import inspect
from typing import Any, Callable, Mapping, Optional

from ..errors import OptionError, UnsupportedError
from ..model.model import Model
from ..tf1 import tf
from .loss import replaced_loss
from .teacher import Teacher, find_tensor

ModelFn = Callable[..., tf.estimator.EstimatorSpec]


def with_distillation(model_fn: ModelFn, teacher: Model, logits: str, alpha: float = 0.9, temperature: float = 4.0,
                      inputs: Optional[Mapping[str, str]] = None) -> ModelFn:
    """Returns a model_fn that trains on the teacher's outputs too, and is else the same.

    The optimizer minimises

        (1 − α) · own loss + α · T² · KL(softmax(teacher / T) ‖ softmax(student / T))

    KL is the mean over all examples and positions; the last axis holds the classes. The teacher is in inference mode
    and reads the very batch that the student reads. The loss that the estimator reports stays the own one; the
    divergence is a summary.

    Limits: the model_fn uses a `tf.train.Optimizer` (see `loss.replaced_loss`), and runs once per graph, not once per
    replica; α weighs all of the own loss, regularisers included.

    Args:
        model_fn: of a `tf.estimator`; it is not changed.
        teacher: the dense model as `load_model` reads it, checkpoint or `.pb`, with its logits as its output.
        logits: name of the student's logits, e.g. `logits`.
        alpha: α, 0 … 1.
        temperature: T.
        inputs: input of the teacher → tensor of the student's graph. None, for a checkpoint of the same model_fn: the
            tensors that the teacher was cut at.

    Raises:
        OptionError: a number is out of its range.

    Example:
        `teacher = load_model('dense', ['logits'], {'IteratorGetNext:0': Input('input', (None, 32, 32, 3))})`
        `estimator = tf.estimator.Estimator(with_distillation(model_fn, teacher, 'logits'), warm_start_from=…)`
    """
    if not 0 <= alpha <= 1:
        raise OptionError('alpha %g is outside [0, 1]' % alpha)
    if temperature <= 0:
        raise OptionError('temperature %g is not positive' % temperature)

    @functools.wraps(model_fn)
    def distilled(*args: Any, **kwargs: Any) -> tf.estimator.EstimatorSpec:
        added = _Divergence(Teacher(teacher, inputs), logits, temperature)

        def combined(loss: tf.Tensor) -> tf.Tensor:
            with tf.name_scope('distillation/'):
                return (1 - alpha) * loss + alpha * temperature ** 2 * tf.cast(added.tensor, loss.dtype)
        with replaced_loss(combined):
            spec = model_fn(*args, **kwargs)
        if spec.mode != tf.estimator.ModeKeys.TRAIN:
            return spec
        if not added.used:
            raise UnsupportedError('the model_fn takes no gradients with a tf.train.Optimizer: distillation cannot '
                                   'change its loss')
        return spec._replace(training_hooks=(*spec.training_hooks, added.teacher))
    distilled.__signature__ = inspect.signature(model_fn)  # type: ignore[attr-defined]
    return distilled


class _Divergence:
    """The divergence of the student from the teacher, put into the graph when it is first asked for."""

    def __init__(self, teacher: Teacher, logits: str, temperature: float) -> None:
        self.teacher = teacher
        self.used = False
        self._logits, self._temperature = logits, temperature

    @property
    def tensor(self) -> tf.Tensor:
        """A scalar."""
        if not self.used:
            self.used = True
            self._made = divergence_from(self.teacher.output(), find_tensor(self._logits), self._temperature)
            tf.summary.scalar('divergence', self._made)
        return self._made


def divergence_from(teacher: tf.Tensor, student: tf.Tensor, temperature: float) -> tf.Tensor:
    """Returns the mean of KL(softmax(teacher / T) ‖ softmax(student / T)).

    Args:
        teacher: logits `[…, classes]`.
        student: logits of the same shape.
        temperature: T.

    Raises:
        OptionError: the shapes do not fit each other.
    """
    if not teacher.shape.is_compatible_with(student.shape):
        raise OptionError('the teacher has logits %s, the student %s (%s): name tensors that fit each other'
                          % (teacher.shape, student.shape, student.name))
    soft = tf.nn.softmax(teacher / temperature)
    crossed, own = [tf.nn.softmax_cross_entropy_with_logits_v2(labels=soft, logits=each / temperature)
                    for each in (student, teacher)]
    return tf.reduce_mean(crossed - own)
