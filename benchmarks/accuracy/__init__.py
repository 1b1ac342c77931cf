"""What pruning costs in accuracy, beside the same budget spent otherwise."""
