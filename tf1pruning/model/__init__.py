"""The Model value and its files: checkpoints with their meta graph, frozen graphs."""
