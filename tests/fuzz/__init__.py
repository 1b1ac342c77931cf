"""Damaged input: `python -m tests.fuzz --cases 10000 --seed 0` looks for any that is not refused in one line."""
