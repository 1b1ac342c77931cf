"""Small TF1 graphs in the dialects that users bring, with random weights, saved by plain TensorFlow.

`NETWORKS` holds the forward ones by name, `save_network(name, folder)` builds and saves one. All read the placeholder
`image` and end in the node `output`. `save_training(folder, …)` makes a training graph with an optimizer.
"""

import os
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from tests.plain import new_session
from tf1pruning.tf1 import tf

IMAGE = (2, 8, 8, 3)
CLASSES = 5


class Saved(NamedTuple):
    """A checkpoint on disk.

    Attributes:
        prefix: path of the checkpoint.
        inputs: shape to feed, by placeholder.
        feeds: values of other placeholders.
        outputs: names of the output nodes.
    """

    prefix: str
    inputs: Dict[str, Tuple[int, ...]]
    feeds: Dict[str, Any]
    outputs: Tuple[str, ...] = ('output',)


class Dialect(NamedTuple):
    """How a layer is spelled.

    Attributes:
        norm: `fused`, `unfused`, `layers` (`tf.layers`, for training) or `none`.
        scale: whether batch norm has γ.
        center: whether batch norm has β.
        bias: `none`, `bias_add` or `add`.
        training: batch norm's training flag, for `layers`.
        partitions: number of parts of kernels, split along their filters.
        data_format: NHWC or NCHW.
    """

    norm: str = 'fused'
    scale: bool = True
    center: bool = True
    bias: str = 'none'
    training: Any = False
    partitions: int = 1
    data_format: str = 'NHWC'

    @property
    def channel_axis(self) -> int:
        """Axis of the channels in a feature map."""
        return 1 if self.data_format == 'NCHW' else 3

    def partitioner(self, axis: int) -> Optional[Callable[..., Any]]:
        """Splits a variable along an axis, or not at all."""
        return tf.fixed_size_partitioner(self.partitions, axis) if self.partitions > 1 else None


PLAIN = Dialect()


def image(shape: Sequence[Optional[int]] = (None,) + IMAGE[1:]) -> tf.Tensor:
    """The input."""
    return tf.placeholder(tf.float32, shape, 'image')


def batch_norm(x: tf.Tensor, name: str, dialect: Dialect = PLAIN) -> tf.Tensor:
    """Batch norm in inference mode, or `tf.layers`' own."""
    if dialect.norm == 'layers':
        return tf.layers.batch_normalization(x, dialect.channel_axis, 0.9, 1e-3, dialect.center, dialect.scale,
                                             training=dialect.training, name=name)
    size = [x.shape.as_list()[dialect.channel_axis]]
    with tf.variable_scope(name):
        scale = tf.get_variable('gamma', size, initializer=tf.ones_initializer()) if dialect.scale else tf.ones(size)
        offset = tf.get_variable('beta', size, initializer=tf.zeros_initializer()) if dialect.center else tf.zeros(size)
        mean = tf.get_variable('moving_mean', size, initializer=tf.zeros_initializer(), trainable=False)
        variance = tf.get_variable('moving_variance', size, initializer=tf.ones_initializer(), trainable=False)
        if dialect.norm == 'unfused':
            return tf.nn.batch_normalization(x, mean, variance, offset if dialect.center else None,
                                             scale if dialect.scale else None, 1e-3)
        return tf.nn.fused_batch_norm(x, scale, offset, mean, variance, 1e-3, dialect.data_format, False)[0]


def add_bias(x: tf.Tensor, dialect: Dialect = PLAIN) -> tf.Tensor:
    """A bias in the spelling asked for."""
    if dialect.bias == 'none':
        return x
    bias = tf.get_variable('bias', [x.shape.as_list()[dialect.channel_axis]], initializer=tf.zeros_initializer())
    return tf.nn.bias_add(x, bias, dialect.data_format) if dialect.bias == 'bias_add' else x + bias


def _strides(stride: int, dialect: Dialect) -> List[int]:
    return [1, 1, stride, stride] if dialect.data_format == 'NCHW' else [1, stride, stride, 1]


def conv(x: tf.Tensor, filters: int, name: str, size: int = 1, stride: int = 1, dialect: Dialect = PLAIN,
         act: Optional[Callable[[tf.Tensor], tf.Tensor]] = tf.nn.relu6) -> tf.Tensor:
    """Convolution, bias, batch norm and activation."""
    with tf.variable_scope(name):
        kernel = tf.get_variable('kernel', [size, size, x.shape.as_list()[dialect.channel_axis], filters],
                                 partitioner=dialect.partitioner(3))
        x = tf.nn.conv2d(x, tf.convert_to_tensor(kernel), strides=_strides(stride, dialect), padding='SAME',
                         data_format=dialect.data_format)
        x = add_bias(x, dialect)
        if dialect.norm != 'none':
            x = batch_norm(x, 'bn', dialect)
        return act(x) if act is not None else x


def depthwise(x: tf.Tensor, name: str, stride: int = 1, multiplier: int = 1, dialect: Dialect = PLAIN) -> tf.Tensor:
    """Depthwise convolution, batch norm, ReLU6."""
    with tf.variable_scope(name):
        kernel = tf.get_variable('depthwise_kernel', [3, 3, x.shape.as_list()[dialect.channel_axis], multiplier],
                                 partitioner=dialect.partitioner(2))
        x = tf.nn.depthwise_conv2d(x, tf.convert_to_tensor(kernel), _strides(stride, dialect), 'SAME',
                                   data_format=dialect.data_format)
        x = add_bias(x, dialect)
        return tf.nn.relu6(batch_norm(x, 'bn', dialect) if dialect.norm != 'none' else x)


def dense(x: tf.Tensor, units: int, name: str,
          act: Optional[Callable[[tf.Tensor], tf.Tensor]] = None) -> tf.Tensor:
    """Matrix product and bias."""
    with tf.variable_scope(name):
        kernel = tf.get_variable('kernel', [x.shape.as_list()[1], units])
        bias = tf.get_variable('bias', [units], initializer=tf.zeros_initializer())
        x = tf.nn.bias_add(tf.matmul(x, tf.convert_to_tensor(kernel)), tf.convert_to_tensor(bias))
        return act(x) if act is not None else x


def inverted_residual(x: tf.Tensor, filters: int, name: str, expansion: int = 3, stride: int = 1, multiplier: int = 1,
                      squeeze: int = 0, dialect: Dialect = PLAIN) -> tf.Tensor:
    """Expand, depthwise, gate, project; `expansion` 0 begins with the depthwise."""
    with tf.variable_scope(name):
        start = x
        if expansion:
            x = conv(x, x.shape.as_list()[dialect.channel_axis] * expansion, 'expand', dialect=dialect)
        x = depthwise(x, 'depthwise', stride, multiplier, dialect)
        if squeeze:
            x = squeeze_excite(x, squeeze, 'se', dialect)
        x = conv(x, filters, 'project', dialect=dialect, act=None)
        same = stride == 1 and start.shape.as_list() == x.shape.as_list()
        return x + start if same else x


def squeeze_excite(x: tf.Tensor, width: int, name: str, dialect: Dialect = PLAIN) -> tf.Tensor:
    """Squeeze and excitation with two 1×1 convolutions."""
    bare = dialect._replace(norm='none', bias='bias_add')
    with tf.variable_scope(name):
        axes = [2, 3] if dialect.data_format == 'NCHW' else [1, 2]
        gate = tf.reduce_mean(x, axes, keepdims=True)
        gate = conv(gate, width, 'reduce', dialect=bare, act=tf.nn.relu)
        return x * conv(gate, x.shape.as_list()[dialect.channel_axis], 'expand', dialect=bare, act=tf.sigmoid)


def dense_squeeze_excite(x: tf.Tensor, width: int, name: str) -> tf.Tensor:
    """Squeeze and excitation with two matrix products and a reshape."""
    channels = x.shape.as_list()[3]
    with tf.variable_scope(name):
        gate = dense(tf.reduce_mean(x, [1, 2]), width, 'reduce', tf.nn.relu)
        return x * tf.reshape(dense(gate, channels, 'expand', tf.sigmoid), [-1, 1, 1, channels])


def head(x: tf.Tensor, dialect: Dialect = PLAIN) -> tf.Tensor:
    """Global pooling and the classifier."""
    axes = [2, 3] if dialect.data_format == 'NCHW' else [1, 2]
    return tf.identity(dense(tf.reduce_mean(x, axes), CLASSES, 'logits'), 'output')


def mobilenet(dialect: Dialect = PLAIN, squeeze: int = 0) -> tf.Tensor:
    """Stem, a block that begins with the depthwise, two expanded ones (one residual), head."""
    shape = (None, 3, 8, 8) if dialect.data_format == 'NCHW' else (None,) + IMAGE[1:]
    x = conv(image(shape), 8, 'stem', 3, 2, dialect)
    x = inverted_residual(x, 8, 'block_0', expansion=0, dialect=dialect)
    x = inverted_residual(x, 8, 'block_1', squeeze=squeeze, dialect=dialect)
    x = inverted_residual(x, 12, 'block_2', stride=2, dialect=dialect)
    return head(conv(x, 16, 'last', dialect=dialect), dialect)


Builder = Callable[[], Any]
NETWORKS: Dict[str, Builder] = {}


def network(build: Builder) -> Builder:
    """Registers a forward network."""
    NETWORKS[build.__name__] = build
    return build


def _simple(dialect: Dialect, **options: Any) -> tf.Tensor:
    """Stem, one inverted residual, head."""
    return head(inverted_residual(conv(image(), 8, 'stem', 3, 2, dialect), 8, 'block', dialect=dialect, **options))


@network
def expanded() -> tf.Tensor:
    """One inverted residual with expansion, and its shortcut."""
    return _simple(PLAIN)


@network
def not_expanded() -> tf.Tensor:
    """An inverted residual that begins with the depthwise."""
    x = conv(image(), 16, 'stem', 3, 2)
    return head(inverted_residual(x, 8, 'block', expansion=0))


@network
def mobilenet_v2() -> tf.Tensor:
    """A chain of inverted residuals."""
    return mobilenet()


@network
def nested_se() -> tf.Tensor:
    """A gate inside an inverted residual, as in MobileNetV3."""
    return _simple(PLAIN, squeeze=8)


@network
def bare_se() -> tf.Tensor:
    """A gate on the output of a convolution."""
    x = squeeze_excite(conv(image(), 16, 'stem', 3), 8, 'se')
    return head(conv(x, 8, 'last'))


@network
def dense_se() -> tf.Tensor:
    """A gate made by matrix products."""
    x = dense_squeeze_excite(conv(image(), 16, 'stem', 3), 8, 'se')
    return head(conv(x, 8, 'last'))


@network
def residual_stage() -> tf.Tensor:
    """Three residual blocks on one stream."""
    x = conv(image(), 16, 'stem', 3)
    for number in range(3):
        with tf.variable_scope('unit_%d' % number):
            x = tf.nn.relu(x + conv(conv(x, 8, 'first', 3), 16, 'second', 3, act=None))
    return head(x)


@network
def concatenated() -> tf.Tensor:
    """Three branches side by side, one of them pooled."""
    x = conv(image(), 8, 'stem', 3)
    left, middle, right = conv(x, 8, 'left'), conv(x, 8, 'middle'), conv(x, 12, 'right', 3)
    right = tf.nn.max_pool2d(right, 3, 1, 'SAME')
    return head(conv(tf.concat([left, middle, right], 3), 8, 'last'))


@network
def flattened() -> tf.Tensor:
    """A feature map flattened into a dense layer."""
    x = tf.nn.avg_pool2d(conv(image(), 8, 'stem', 3), 2, 2, 'SAME')
    x = tf.reshape(x, [-1, 4 * 4 * 8])
    return tf.identity(dense(dense(x, 12, 'hidden', tf.nn.relu), CLASSES, 'logits'), 'output')


@network
def flattened_by_shape() -> tf.Tensor:
    """The batch size of the reshape is computed, the rest is spelled out, and the constant has a second reader."""
    x = conv(image(), 8, 'stem', 3, 4)
    batch = tf.strided_slice(tf.shape(x), [0], [1], shrink_axis_mask=1)
    width = tf.constant(2 * 2 * 8, name='width')
    x = tf.reshape(x, tf.stack([batch, width]))
    x.set_shape([None, 2 * 2 * 8])
    return tf.identity(dense(x, CLASSES, 'logits') / tf.sqrt(tf.cast(width, tf.float32)), 'output')


@network
def without_gamma() -> tf.Tensor:
    """Slim's default batch norm."""
    return mobilenet(Dialect(scale=False))


@network
def without_beta() -> tf.Tensor:
    """Batch norm without an offset."""
    return mobilenet(Dialect(center=False))


@network
def unfused() -> tf.Tensor:
    """Batch norm in arithmetic."""
    return mobilenet(Dialect(norm='unfused'))


@network
def unfused_without_gamma() -> tf.Tensor:
    """Batch norm in arithmetic, without a scale."""
    return mobilenet(Dialect(norm='unfused', scale=False))


@network
def without_norm() -> tf.Tensor:
    """Convolutions with neither bias nor batch norm."""
    return mobilenet(Dialect(norm='none'))


@network
def bias_then_norm() -> tf.Tensor:
    """Convolution, BiasAdd, batch norm."""
    return mobilenet(Dialect(bias='bias_add'))


@network
def bias_by_add() -> tf.Tensor:
    """A bias that is added with `+`."""
    return mobilenet(Dialect(norm='none', bias='add'))


@network
def resource() -> tf.Tensor:
    """Resource variables."""
    with tf.variable_scope('', use_resource=True):
        return mobilenet(squeeze=4)


@network
def partitioned() -> tf.Tensor:
    """Kernels in parts."""
    return mobilenet(Dialect(partitions=2), squeeze=4)


@network
def partitioned_rows() -> tf.Tensor:
    """Dense kernels and biases in parts along their first axis."""
    x = tf.reshape(conv(image(), 8, 'stem', 3, 4), [-1, 2 * 2 * 8])
    with tf.variable_scope('', partitioner=tf.fixed_size_partitioner(2)):
        x = dense(dense(x, 12, 'hidden', tf.nn.relu), 8, 'second', tf.nn.relu)
    return tf.identity(dense(x, CLASSES, 'logits'), 'output')


@network
def multiplier_2() -> tf.Tensor:
    """A depthwise convolution with two filters per channel."""
    return _simple(PLAIN, multiplier=2)


@network
def wide() -> tf.Tensor:
    """More than 1000 channels: initial values by Fill."""
    x = conv(image(), 4, 'stem', 3, 4)
    return head(conv(conv(x, 1024, 'wide', dialect=Dialect(bias='bias_add')), 8, 'last'))


@network
def wide_without_gamma() -> tf.Tensor:
    """More than 1000 channels without γ: a scale of ones by Fill, in the forward graph."""
    x = conv(image(), 4, 'stem', 3, 4)
    return head(conv(conv(x, 1024, 'wide', dialect=Dialect(scale=False)), 8, 'last'))


@network
def padded_shortcut() -> tf.Tensor:
    """A shortcut that is widened with zeros."""
    x = conv(image(), 8, 'stem', 3)
    y = conv(conv(x, 8, 'first', 3, 2), 16, 'second', 3, act=None)
    x = tf.pad(tf.nn.avg_pool2d(x, 2, 2, 'SAME'), [[0, 0], [0, 0], [0, 0], [4, 4]])
    return head(conv(tf.nn.relu(x + y), 8, 'last'))


@network
def transposed() -> tf.Tensor:
    """NHWC → NCHW → NHWC between two convolutions, and a dense kernel that is read transposed."""
    x = tf.transpose(tf.transpose(conv(image(), 8, 'stem', 3, 2), [0, 3, 1, 2]), [0, 2, 3, 1])
    x = tf.reduce_mean(conv(x, 12, 'last'), [1, 2])
    kernel = tf.get_variable('logits/kernel', [CLASSES, 12])
    bias = tf.get_variable('logits/bias', [CLASSES], initializer=tf.zeros_initializer())
    return tf.nn.bias_add(tf.matmul(x, tf.convert_to_tensor(kernel), transpose_b=True), bias, name='output')


@network
def soft_activation() -> tf.Tensor:
    """Activations that make something of a zero."""
    x = conv(image(), 8, 'stem', 3, 2, act=tf.sigmoid)
    return head(conv(tf.exp(conv(x, 12, 'middle', act=tf.nn.softplus) + 1.0), 8, 'last'))


def save_network(name: str, folder: Any, seed: int = 1) -> Saved:
    """Builds one of `NETWORKS` with random weights and saves it as `<folder>/model.ckpt`."""
    return save_graph(NETWORKS[name], folder, seed)


def save_graph(build: Builder, folder: Any, seed: int = 1, saver: Optional[Callable[[], Any]] = None) -> Saved:
    """Builds any forward graph with random weights and saves it as `<folder>/model.ckpt`."""
    with tf.Graph().as_default(), new_session() as session:
        build()
        session.run(tf.global_variables_initializer())
        randomise(session, tf.global_variables(), seed)
        prefix = (saver or tf.train.Saver)().save(session, os.path.join(str(folder), 'model.ckpt'))
    return Saved(prefix, {'image': IMAGE}, {})


def randomise(session: tf.Session, variables: Iterable[tf.Variable], seed: int = 1) -> None:
    """Gives variables random values: kernels by their fan-in, statistics so that batch norm does something."""
    random = np.random.RandomState(seed)
    values = {variable: _random_value(random, variable.op.name, variable.shape.as_list()) for variable in variables}
    session.run([variable.initializer for variable in values],
                {variable.initializer.inputs[1]: value for variable, value in values.items()})


def _random_value(random: Any, name: str, shape: List[int]) -> np.ndarray:
    if 'variance' in name or 'gamma' in name:
        return random.uniform(0.5, 1.5, shape)
    if len(shape) < 2:
        return random.normal(0, 0.3, shape)
    fan_in = np.prod(shape[:2]) if 'depthwise' in name else np.prod(shape[:-1])
    return random.normal(0, np.sqrt(2.0 / fan_in), shape)


OPTIMIZERS: Dict[str, Callable[[], tf.train.Optimizer]] = {
    'adam': lambda: tf.train.AdamOptimizer(0.01),
    'momentum': lambda: tf.train.MomentumOptimizer(0.01, 0.9),
    'rmsprop': lambda: tf.train.RMSPropOptimizer(0.001, momentum=0.9),
    'adagrad': lambda: tf.train.AdagradOptimizer(0.01),
}
SLOTS = {'adam': ('Adam', 'Adam_1'), 'momentum': ('Momentum',), 'rmsprop': ('RMSProp', 'RMSProp_1'),
         'adagrad': ('Adagrad',)}


def save_training(folder: Any, optimizer: str = 'adam', flag: str = 'always', use_resource: bool = False,
                  average: bool = False, dropout: bool = False, partitions: int = 1, squeeze: int = 4,
                  steps: int = 3, regularised: bool = False, batch: Optional[int] = None) -> Saved:
    """Builds a training graph, trains a few steps on noise, and saves `<folder>/model.ckpt-<steps>`.

    Args:
        folder: where to.
        optimizer: one of `OPTIMIZERS`.
        flag: batch norm's training flag: `always`, or `placeholder` (tf.cond; the node `is_training`).
        use_resource: resource variables.
        average: keep moving averages of the variables.
        dropout: dropout before the classifier with the placeholder `keep_prob`.
        partitions: parts of every kernel.
        squeeze: width of the gate in `block_1`, 0 for none.
        steps: of training.
        regularised: add an L2 loss on the kernels.
        batch: a fixed batch size (that of `training_feeds` is 4).
    """
    with tf.Graph().as_default(), new_session() as session:
        tf.set_random_seed(1)
        training = tf.placeholder(tf.bool, [], 'is_training') if flag == 'placeholder' else True
        with tf.variable_scope('', use_resource=use_resource):
            _training_forward(Dialect('layers', training=training, partitions=partitions), squeeze, dropout, batch)
        _training_step(optimizer, average, regularised)
        session.run(tf.global_variables_initializer())
        statistics = [each for each in tf.global_variables() if 'moving_' in each.op.name.split('/')[-1]]
        randomise(session, tf.trainable_variables() + statistics)
        for step in range(steps):
            session.run('train_op', training_feeds(step, flag, dropout))
        prefix = tf.train.Saver().save(session, os.path.join(str(folder), 'model.ckpt'), steps)
    feeds = {'is_training': False} if flag == 'placeholder' else {}
    return Saved(prefix, {'image': IMAGE}, dict(feeds, keep_prob=1.0) if dropout else feeds)


def _training_forward(dialect: Dialect, squeeze: int, dropout: bool, batch: Optional[int] = None) -> None:
    x = conv(image((batch,) + IMAGE[1:]), 8, 'stem', 3, 2, dialect)
    x = inverted_residual(x, 8, 'block_1', squeeze=squeeze, dialect=dialect)
    x = tf.reduce_mean(conv(x, 16, 'last', dialect=dialect), [1, 2])
    if dropout:
        keep = tf.placeholder(tf.float32, [], 'keep_prob')
        x = tf.nn.dropout(x, rate=1 - keep)
    tf.identity(dense(x, CLASSES, 'logits'), 'output')


def _training_step(optimizer: str, average: bool, regularised: bool) -> None:
    labels = tf.placeholder(tf.int64, [None], 'labels')
    output = tf.get_default_graph().get_tensor_by_name('output:0')
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=output))
    if regularised:
        loss += 1e-3 * tf.add_n([tf.nn.l2_loss(each) for each in tf.trainable_variables() if 'kernel' in each.op.name])
    tf.add_to_collection('losses', loss)
    step = tf.train.get_or_create_global_step()
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = OPTIMIZERS[optimizer]().minimize(loss, step)
    if average:
        with tf.control_dependencies([train]):
            train = tf.train.ExponentialMovingAverage(0.9).apply(tf.trainable_variables())
    tf.group(train, name='train_op')


def training_feeds(step: int = 0, flag: str = 'always', dropout: bool = False) -> Dict[str, Any]:
    """Noise to run `train_op` with."""
    random = np.random.RandomState(100 + step)
    feeds = {'image:0': random.uniform(0, 1, (4,) + IMAGE[1:]).astype(np.float32),
             'labels:0': random.randint(0, CLASSES, 4)}
    if flag == 'placeholder':
        feeds['is_training:0'] = True
    if dropout:
        feeds['keep_prob:0'] = 0.7
    return feeds
