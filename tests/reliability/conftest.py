"""The command line's fixtures are used here, too."""

from tests.cli.conftest import command, models, work

__all__ = ['command', 'models', 'work']
