"""Other weights in the same graph, in one go: changed, written, proved, measured."""
