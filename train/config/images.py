"""What to train on."""

import dataclasses
from typing import Tuple

from tf1pruning.typed_yaml import require


@dataclasses.dataclass(frozen=True)
class AugmentConfig:
    """What happens to training images, at random.

    Attributes:
        crop: pixels that are added on every side before a window of the image's size is cut out anywhere.
        border: what is added: zero (black), reflect, or symmetric (the border pixel is repeated first).
        flip: whether half of the images are mirrored left to right.
        cutout: height and width in pixels of a square that is blanked, with its centre anywhere; 0 for none
            (DeVries and Taylor, arXiv 1708.04552).
    """

    crop: int = 0
    border: str = 'zero'
    flip: bool = False
    cutout: int = 0

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require(self.crop >= 0 and self.cutout >= 0, 'crop and cutout must not be negative')
        require(self.border in BORDERS, 'border: expected one of %s, found %r' % (', '.join(BORDERS), self.border))


BORDERS = ('zero', 'reflect', 'symmetric')


SEEDS = 2 ** 32
"""How many there are for NumPy's generator."""


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Images.

    Attributes:
        name: which of `train.data`; every kind has keys of its own.
        validation_fraction: part of every class (but see `TFRecordConfig`) that is taken from the training images, to
            decide by: never trained on, and not what is reported in the end; 0 for none.
        split_seed: which part; the same seed is the same split on every machine.
        augment: what happens to training images.
    """

    name: str = ''
    validation_fraction: float = 0.0
    split_seed: int = 0
    augment: AugmentConfig = AugmentConfig()

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        _fraction('validation_fraction', self.validation_fraction)
        require(0 <= self.split_seed < SEEDS, 'split_seed must be from 0 to below %d, not %d' % (
            SEEDS, self.split_seed))


def _fraction(name: str, value: float) -> None:
    require(0 <= value < 1, '%s must be from 0 to below 1, not %s' % (name, value))


@dataclasses.dataclass(frozen=True)
class DigitsConfig(DataConfig):
    """The handwritten digits that come with scikit-learn, enlarged to the network's image size.

    Attributes:
        test_fraction: part of every class that is held out.
    """

    name: str = 'digits'
    augment: AugmentConfig = AugmentConfig(crop=2, border='symmetric')
    test_fraction: float = 0.25

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        _fraction('test_fraction', self.test_fraction)


@dataclasses.dataclass(frozen=True)
class FilesConfig(DataConfig):
    """Images in files.

    Attributes:
        folder: where they are; `--data DIR` goes first.
        mean: subtracted from the pixels (0 to 255): one number, or one for each colour.
        deviation: what the rest is divided by, likewise.
        max_bad_records: how many records that cannot be used (not decodable, a feature missing, a label out of
            range) are left out and reported; one more stops the run.
    """

    folder: str = ''
    mean: Tuple[float, ...] = (127.5,)
    deviation: Tuple[float, ...] = (127.5,)
    max_bad_records: int = 0

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require(self.max_bad_records >= 0, 'max_bad_records must not be negative: %d' % self.max_bad_records)
        require(all(value > 0 for value in self.deviation), 'deviation must be above 0: %s' % list(self.deviation))


@dataclasses.dataclass(frozen=True)
class MnistConfig(FilesConfig):
    """MNIST: four IDX files, gzip or not."""

    name: str = 'mnist'
    mean: Tuple[float, ...] = (33.32,)
    deviation: Tuple[float, ...] = (78.57,)


@dataclasses.dataclass(frozen=True)
class FashionMnistConfig(FilesConfig):
    """Fashion-MNIST: four IDX files with the names of MNIST's, gzip or not."""

    name: str = 'fashion_mnist'
    mean: Tuple[float, ...] = (72.94,)
    deviation: Tuple[float, ...] = (90.02,)


@dataclasses.dataclass(frozen=True)
class Cifar10Config(FilesConfig):
    """CIFAR-10: TFRecord files, or the original Python or binary batches; which, is seen from the folder."""

    name: str = 'cifar10'
    mean: Tuple[float, ...] = (125.3, 123.0, 113.9)
    deviation: Tuple[float, ...] = (63.0, 62.1, 66.7)


IMAGENET_MEAN, IMAGENET_DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""Of the pixels of ImageNet's training images, as used throughout."""


@dataclasses.dataclass(frozen=True)
class PicturesConfig(FilesConfig):
    """Pictures of any size, which are decoded and resized while training.

    Attributes:
        fit: how they become squares: crop (the middle) or stretch.
        in_memory: whether they are decoded once and kept, as bytes.
    """

    mean: Tuple[float, ...] = IMAGENET_MEAN
    deviation: Tuple[float, ...] = IMAGENET_DEVIATION
    fit: str = 'crop'
    in_memory: bool = False

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require(self.fit in FITS, 'fit: expected one of %s, found %r' % (', '.join(FITS), self.fit))


FITS = ('crop', 'stretch')


@dataclasses.dataclass(frozen=True)
class FolderConfig(PicturesConfig):
    """A folder with a sub-folder of PNG or JPEG files for each class.

    Attributes:
        train_folder: where the classes' folders for training are, below `folder`; empty: in `folder` itself.
        test_folder: those for testing; empty takes `test_fraction` of the others.
        test_fraction: part of every class that is held out, where there is no `test_folder`.
    """

    name: str = 'folder'
    train_folder: str = 'train'
    test_folder: str = 'test'
    test_fraction: float = 0.0

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        _fraction('test_fraction', self.test_fraction)
        require(bool(self.test_folder) != bool(self.test_fraction), 'set either test_folder or test_fraction')


@dataclasses.dataclass(frozen=True)
class TFRecordConfig(PicturesConfig):
    """TFRecord files of `tf.train.Example`.

    `validation_fraction` is a part of all records, evenly spread over each file and over the files, not a part of every
    class: classes are not known before everything is read.

    Attributes:
        train_files: pattern of the files for training, below `folder`.
        test_files: pattern of those for testing.
        image_key: feature with the picture.
        label_key: feature with the number of its class.
        label_offset: subtracted from it; 1 where classes are counted from 1.
        encoding: jpeg_or_png, or raw (bytes of the network's image size).
        compression: none, gzip or zlib.
        shuffle_buffer: among how many records the next is drawn; files are shuffled besides.
    """

    name: str = 'tfrecord'
    train_files: str = 'train*'
    test_files: str = 'test*'
    image_key: str = 'image/encoded'
    label_key: str = 'image/class/label'
    label_offset: int = 0
    encoding: str = 'jpeg_or_png'
    compression: str = 'none'
    shuffle_buffer: int = 10000

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require(self.encoding in ENCODINGS, 'encoding: expected one of %s, found %r'
                % (', '.join(ENCODINGS), self.encoding))
        require(self.compression in COMPRESSIONS, 'compression: expected one of %s, found %r'
                % (', '.join(COMPRESSIONS), self.compression))
        require(self.shuffle_buffer >= 1, 'shuffle_buffer must be at least 1, not %d' % self.shuffle_buffer)


ENCODINGS = ('jpeg_or_png', 'raw')
COMPRESSIONS = ('none', 'gzip', 'zlib')
