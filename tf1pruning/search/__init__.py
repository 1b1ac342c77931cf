"""Budgets → choices."""
