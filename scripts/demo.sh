#!/usr/bin/env bash
# Trains, prunes, strips and exports a small network on real images. Sets its environment up by itself.
set -euo pipefail

usage() {
  cat <<'END'
usage: ./scripts/demo.sh [--short] [--output DIR] [flags of train/demo.py]

Trains a MobileNetV2 with SE blocks on scikit-learn's digits, prunes it in a loop, strips it, verifies
the result, exports it in every format, prints what changed, and writes a report to open in a browser.
No download of images.
The first start also sets up an environment in .venv-py37 (or .venv-py311 …) of this checkout.

  ./scripts/demo.sh                       the whole run, at most 7 minutes on 2 cores
  ./scripts/demo.sh --short               the same steps in about a minute, with a less accurate model
  ./scripts/demo.sh --output /tmp/demo    where checkpoints, graphs and reports go
  TF1PRUNING_PYTHON=/usr/bin/python3.11 ./scripts/demo.sh    with this Python instead of the one found
END
}

case "${1:-}" in
-h | --help | -help)
  usage
  exit 0
  ;;
esac

# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_environment
say "Environment: $ENVIRONMENT"
exec python -m train.demo "$@"
