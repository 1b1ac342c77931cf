"""Training with `tf.estimator`: models, data and the threshold loop, as examples to copy from."""
