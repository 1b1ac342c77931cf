"""Makes TensorFlow 1.x models smaller and faster, and proves that nothing else changed."""

__version__ = '0.1.0'
