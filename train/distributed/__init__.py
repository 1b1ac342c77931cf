"""Several devices, several machines: `tf.estimator`'s own distribution, and who does what in the loop."""
