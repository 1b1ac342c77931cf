"""`python -m tf1pruning`."""

from tf1pruning.cli.main import run

if __name__ == '__main__':
    run()
