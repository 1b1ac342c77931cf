"""Tests of `train.distributed`."""
