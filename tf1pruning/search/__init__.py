"""Budgets: how far a network can be pruned before it costs too much accuracy."""
