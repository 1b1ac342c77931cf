"""What low-rank and sparse branches lose, and what they gain, on networks that others trained."""
