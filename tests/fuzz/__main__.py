"""Looks for input that is not refused in one line: `python -m tests.fuzz --cases 10000 --seed 0 --output DIR`.

The same command again goes on where it was interrupted. `--case N` runs one case here, with its traceback.
"""

import argparse
import os
import sys
import tempfile
import time
from typing import Any

from tests.fuzz.campaign import Campaign
from tests.fuzz.cases import make_case, run_case
from tests.fuzz.seeds import make_seeds
from tf1pruning.files import atomic_folder
from tf1pruning.tf1 import quiet, use_tf1_behavior

EVERY_SECONDS = 10


class Progress:
    """A line now and then: how many, how fast, and how long still."""

    def __init__(self, done: int) -> None:
        self._first, self._began, self._told = done, time.time(), 0.0

    def __call__(self, campaign: Campaign, count: int) -> None:
        now = time.time()
        if now - self._told < EVERY_SECONDS and campaign.done < count:
            return
        self._told = now
        rate = (campaign.done - self._first) / max(1e-9, now - self._began)
        left = int((count - campaign.done) / max(1e-9, rate))
        print('%s of %s cases, %d findings, %.1f a second, %d:%02d:%02d left' % (
            f'{campaign.done:,}', f'{count:,}', len(campaign.findings), rate, left // 3600, left // 60 % 60, left % 60),
            flush=True)


def main() -> int:
    """Returns 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cases', type=int, default=10000)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--output', default=os.path.join('out', 'fuzz'), help='folder for progress and findings')
    parser.add_argument('--case', type=int, help='run this one only, and leave its input in the current folder')
    args = parser.parse_args()
    quiet()
    use_tf1_behavior()
    seeds = os.path.join(os.path.abspath(args.output), 'seeds')
    if not os.path.isdir(seeds):
        with atomic_folder(seeds) as temporary:
            make_seeds(temporary)
    if args.case is not None:
        return _run_one(args, seeds)
    campaign = Campaign(args.output, args.seed)
    campaign.run(args.cases, Progress(campaign.done))
    for ending, count in sorted(campaign.endings.items(), key=lambda item: -item[1]):
        print('%7d %s' % (count, ending))
    print('%.0f s in all; %d cases run once more, %d findings, their input in %s' % (
        campaign.seconds, campaign.repeated, len(campaign.findings), os.path.join(args.output, 'findings')))
    return 1 if campaign.findings else 0


def _run_one(args: Any, seeds: str) -> int:
    os.chdir(tempfile.mkdtemp(prefix='case-%d-' % args.case))
    words = make_case(args.case, args.seed, seeds)
    print(os.getcwd(), ' '.join(words), flush=True)
    print(run_case(words))
    return 0


if __name__ == '__main__':
    sys.exit(main())
