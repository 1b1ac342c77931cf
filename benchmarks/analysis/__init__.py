"""How fast channels are analysed, beside Torch-Pruning."""
