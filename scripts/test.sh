#!/usr/bin/env bash
# Runs the linter, the type checker and the tests. Sets its environment up by itself.
set -euo pipefail

usage() {
  cat <<'END'
usage: ./scripts/test.sh [--quick] [pytest arguments]

Runs ruff, mypy and pytest, all three even if one fails, and says in the last line what passed.
The first start also sets up an environment in .venv-py37 (or .venv-py311 …) of this checkout.

  ./scripts/test.sh                          everything
  ./scripts/test.sh --quick                  without the tests marked slow
  ./scripts/test.sh tests/graph -k reshape   some tests (paths from the checkout's root)
  ./scripts/test.sh -n 0 --pdb               in one process, with a debugger at the first failure
  TF1PRUNING_PYTHON=/usr/bin/python3.11 ./scripts/test.sh    with this Python instead of the one found
END
}

selection=()
case "${1:-}" in
-h | --help)
  usage
  exit 0
  ;;
--quick)
  selection=(-m "not slow")
  shift
  ;;
esac

# shellcheck source=scripts/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_environment
cd "$ROOT"

# Each worker loads its own TensorFlow (0.5 GB): one per core up to four, and no threads that fight for the cores.
workers="$(nproc 2>/dev/null || printf 2)"
workers=$((workers > 4 ? 4 : workers))
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1

passed=()
failed=()
step() { # NAME COMMAND
  local name="$1"
  shift
  say "== $name"
  if "$@"; then passed+=("$name"); else failed+=("$name"); fi
}

say "Environment: $ENVIRONMENT"
SECONDS=0
step ruff ruff check
step mypy mypy
step pytest pytest -n "$workers" --dist worksteal ${selection[@]+"${selection[@]}"} "$@"

if [ "${#failed[@]}" -gt 0 ]; then
  say "FAILED: ${failed[*]}${passed[*]:+ (passed: ${passed[*]})} — $ENVIRONMENT, $SECONDS s"
  exit 1
fi
say "PASSED: ${passed[*]} — $ENVIRONMENT, $SECONDS s"
