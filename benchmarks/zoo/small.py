"""Small architectures that neither Keras nor slim ship, each as its paper describes it."""

from typing import Callable, Dict, List, Tuple

from benchmarks.zoo.layers import (
    classified,
    conv,
    deconv,
    dense,
    depthwise,
    gated,
    image,
    shuffled,
    side_by_side,
    split_conv,
    width,
)
from tf1pruning.tf1 import tf

Ends = Tuple[tf.Tensor, tf.Tensor]
SMALL: Dict[str, Callable[[], Ends]] = {}


def network(name: str) -> Callable[[Callable[[], Ends]], Callable[[], Ends]]:
    """Registers a builder."""
    def register(build: Callable[[], Ends]) -> Callable[[], Ends]:
        SMALL[name] = build
        return build
    return register


@network('ShuffleNetV1')
def shufflenet_v1() -> Ends:
    """ShuffleNet 1×, g = 3 (arXiv 1707.01083): grouped convolutions as Split + Concat, shuffle between them."""
    start = image(224)
    x = tf.nn.max_pool2d(conv(start, 24, 3, 2), 3, 2, 'SAME')
    for channels, count in ((240, 4), (480, 8), (960, 4)):
        for index in range(count):
            x = _shuffle_unit(x, channels, 2 if index == 0 else 1)
    return start, classified(x, 1000)


def _shuffle_unit(x: tf.Tensor, channels: int, stride: int) -> tf.Tensor:
    made = channels - width(x) if stride == 2 else channels
    inside = conv(x, 60) if width(x) == 24 else split_conv(x, channels // 4, 3)
    inside = depthwise(shuffled(inside, 3), stride=stride, act=None)
    inside = split_conv(inside, made, 3, act=None)
    if stride == 1:
        return tf.nn.relu(x + inside)
    return tf.nn.relu(side_by_side([tf.nn.avg_pool2d(x, 3, 2, 'SAME'), inside]))


@network('ShuffleNetV2')
def shufflenet_v2() -> Ends:
    """ShuffleNetV2 1× (arXiv 1807.11164): half of the channels pass by, then all are shuffled."""
    start = image(224)
    x = tf.nn.max_pool2d(conv(start, 24, 3, 2), 3, 2, 'SAME')
    for channels, count in ((116, 4), (232, 8), (464, 4)):
        half = channels // 2
        left = conv(depthwise(x, stride=2, act=None), half)
        right = conv(depthwise(conv(x, half), stride=2, act=None), half)
        x = shuffled(side_by_side([left, right]), 2)
        for _ in range(count - 1):
            left, right = tf.split(x, 2, 3)
            right = conv(depthwise(conv(right, half), act=None), half)
            x = shuffled(side_by_side([left, right]), 2)
    return start, classified(conv(x, 1024), 1000)


@network('SqueezeNet')
def squeezenet() -> Ends:
    """SqueezeNet 1.1 (arXiv 1602.07360): the 1,000 logits are a convolution's filters, pooled."""
    start = image(224)
    x = tf.nn.max_pool2d(conv(start, 64, 3, 2, norm=False), 3, 2, 'SAME')
    for index, (squeezed, expanded) in enumerate(((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192),
                                                  (64, 256), (64, 256))):
        x = conv(x, squeezed, norm=False)
        x = side_by_side([conv(x, expanded, norm=False), conv(x, expanded, 3, norm=False)])
        if index in (1, 3):
            x = tf.nn.max_pool2d(x, 3, 2, 'SAME')
    return start, tf.reduce_mean(conv(x, 1000, norm=False), [1, 2])


@network('MnasNet')
def mnasnet() -> Ends:
    """MnasNet-A1 (arXiv 1807.11626): inverted residuals, some gated, kernels 3 and 5."""
    start = image(224)
    x = conv(depthwise(conv(start, 32, 3, 2)), 16, act=None)
    for expansion, channels, count, stride, size, gate in (
            (6, 24, 2, 2, 3, False), (3, 40, 3, 2, 5, True), (6, 80, 4, 2, 3, False), (6, 112, 2, 1, 3, True),
            (6, 160, 3, 2, 5, True), (6, 320, 1, 1, 3, False)):
        for index in range(count):
            inside = depthwise(conv(x, width(x) * expansion), size, stride if index == 0 else 1)
            inside = gated(inside, width(x) // 4) if gate else inside
            inside = conv(inside, channels, act=None)
            x = x + inside if index else inside
    return start, classified(conv(x, 1280), 1000)


@network('CIFARNet')
def cifarnet() -> Ends:
    """The CIFAR-10 tutorial's network: local response normalisation mixes channels, so that they must stay."""
    start = image(32)
    x = tf.nn.lrn(tf.nn.max_pool2d(conv(start, 64, 5, norm=False), 3, 2, 'SAME'), 4, 1.0, 0.001 / 9, 0.75)
    x = tf.nn.max_pool2d(tf.nn.lrn(conv(x, 64, 5, norm=False), 4, 1.0, 0.001 / 9, 0.75), 3, 2, 'SAME')
    x = dense(tf.reshape(x, [-1, 8 * 8 * 64]), 384, tf.nn.relu)
    return start, dense(dense(x, 192, tf.nn.relu), 10)


def _unet(start: tf.Tensor, dynamic: bool) -> tf.Tensor:
    """U-Net (arXiv 1505.04597), a quarter as wide."""
    passed: List[tf.Tensor] = []
    x = start
    for channels in (16, 32, 64, 128):
        x = conv(conv(x, channels, 3), channels, 3)
        passed.append(x)
        x = tf.nn.max_pool2d(x, 2, 2, 'SAME')
    x = conv(conv(x, 256, 3), 256, 3)
    for beside in reversed(passed):
        x = deconv(x, width(beside), 2, 2, beside.shape.as_list()[1:3], dynamic)
        x = side_by_side([beside, x])
        x = conv(conv(x, width(beside), 3), width(beside), 3)
    return conv(x, 2, act=None, norm=False)


@network('UNet')
def unet() -> Ends:
    """Output shapes of the transposed convolutions as `Pack(Shape…, H, W, C)`."""
    start = image(96)
    return start, _unet(start, True)


@network('UNet-literal')
def unet_literal() -> Ends:
    """Output shapes of the transposed convolutions as constants, for a batch of two."""
    start = tf.placeholder(tf.float32, [2, 96, 96, 3], 'image')
    return start, _unet(start, False)


@network('SSD')
def ssd() -> Ends:
    """SSD heads (arXiv 1512.02325) on a small backbone: boxes and classes of four scales, reshaped and joined."""
    start = image(96)
    x = conv(start, 32, 3, 2)
    maps = []
    for channels in (64, 128, 128, 256):
        x = conv(depthwise(x, stride=2), channels)
        maps.append(x)
    found = []
    for each in maps:
        size = int(each.shape[1])
        boxes = tf.reshape(conv(each, 6 * 4, 3, act=None, norm=False), [-1, size * size * 6, 4])
        classes = tf.reshape(conv(each, 6 * 5, 3, act=None, norm=False), tf.stack([tf.shape(each)[0], -1, 5]))
        found.append(tf.concat([boxes, classes], 2))
    return start, tf.concat(found, 1)


@network('DCGAN')
def dcgan() -> Ends:
    """DCGAN's generator (arXiv 1511.06434): noise → dense → feature map → transposed convolutions → tanh."""
    noise = tf.placeholder(tf.float32, [None, 100], 'noise')
    x = tf.nn.relu(tf.reshape(dense(noise, 4 * 4 * 256), [-1, 4, 4, 256]))
    for channels, size in ((128, 8), (64, 16), (32, 32)):
        x = deconv(x, channels, 5, 2, (size, size))
    return noise, deconv(x, 3, 5, 2, (64, 64), norm=False, act=tf.tanh)


@network('ESPCN')
def espcn() -> Ends:
    """ESPCN (arXiv 1609.05158), with a feature map moved to space half way: 2×, then 3× at the end."""
    start = image(32, 1)
    x = conv(start, 64, 5, act=tf.tanh, norm=False)
    x = tf.depth_to_space(conv(x, 128, 3, act=tf.tanh, norm=False), 2)
    return start, tf.depth_to_space(conv(x, 9, 3, act=None, norm=False), 3)
