"""Named experiments on one network: quantised, pruned by magnitude, with shared weights; compared."""
