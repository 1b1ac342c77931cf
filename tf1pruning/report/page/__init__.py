"""A run as something to look at: one HTML file, a table for a pull request, summaries for TensorBoard."""
