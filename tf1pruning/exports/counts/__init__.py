"""What a shipped file holds and costs, counted from the file itself."""

from .counts import Counts, count_file

__all__ = ['Counts', 'count_file']
