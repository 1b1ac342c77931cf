"""Prunes half of every group of every architecture at hand and proves that nothing else changed."""
