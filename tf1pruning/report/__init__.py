"""What a run did, as numbers and tables."""

REPORTS = {'html': 'report.html', 'md': 'report.md', 'tensorboard': 'report_summaries'}
"""What a report is called that nobody gave a name, by format."""
