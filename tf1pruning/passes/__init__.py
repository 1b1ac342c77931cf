"""Passes: Model → Model, one file each."""
