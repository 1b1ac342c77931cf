"""Runs a training program as a cluster on this machine: a process for every task, with TF_CONFIG set, on loopback.

Examples:
  python scripts/launch_local_cluster.py -- python -m train.train --config digits_on_servers.yaml --output out/digits
  python scripts/launch_local_cluster.py --kind multi_worker_mirrored --workers 1
      -- python -m train.prune_loop --config loop_mirrored.yaml --output out/loop
  python scripts/launch_local_cluster.py --workers 3 --servers 2 --restart 5 -- ./my_training.sh

The configuration's `machine: {distribute: …}` must name the same kind. There is always one chief; its exit code is
this program's, and when it ends, or at Ctrl-C, all others are ended. On real hosts: docs/distributed.md.
"""

import os
import sys
from typing import List

from absl import flags

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from tf1pruning.cli.program import guarded, parse_flags, start
from train.distributed.local_cluster import KINDS, LocalCluster

FLAGS = flags.FLAGS
flags.DEFINE_enum('kind', KINDS[0], KINDS, 'How the training is distributed.')
flags.DEFINE_integer('workers', 2, 'How many workers there are besides the chief.')
flags.DEFINE_integer('servers', 1, 'How many parameter servers there are; multi_worker_mirrored has none.')
flags.DEFINE_integer('restart', 0, 'How often in all a task that was killed is started again; mirrored workers all '
                     'are when one is.')


def parse(argv: List[str]) -> List[str]:
    """Parses the flags before `--`; returns what follows it."""
    end = argv.index('--') if '--' in argv else len(argv)
    parse_flags(argv[:end])
    return argv[end + 1:]


def main(command: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    def launch() -> int:
        with LocalCluster(command, FLAGS.kind, FLAGS.workers, FLAGS.servers, FLAGS.restart) as cluster:
            return cluster.wait()
    return guarded(launch, 'launch_local_cluster.py')


if __name__ == '__main__':
    start(main, parse)
