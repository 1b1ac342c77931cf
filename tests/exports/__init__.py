"""Tests of `tf1pruning.exports`."""
