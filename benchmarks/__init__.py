"""Measurements, side by side in one run; results are in docs/performance.md."""
