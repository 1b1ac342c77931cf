# Finds a Python, makes the project's own environment in .venv-py37 (or -py311 …) and puts it first on PATH.
# Sourced by demo.sh, test.sh and .ci/run: defines functions, runs nothing by itself.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
NEWER_PYTHONS=(3.11 3.10 3.9) # in order of preference, where there is no 3.7
UV_PYTHONS="$ROOT/.venv-python" # interpreters that uv downloads for us stay inside the checkout

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Prints the files and the Python version that an environment was made from; called with the environment's own Python.
fingerprint_of() { # PYTHON CONSTRAINTS
  "$1" -c '
import hashlib, platform, sys
digest = hashlib.sha256(sys.argv[1].encode())  # the place counts: scripts in an environment name it
for path in sys.argv[2:]:
    digest.update(open(path, "rb").read())
print(platform.python_version(), digest.hexdigest())
' "$ROOT" "$ROOT/pyproject.toml" "$2" 2>/dev/null </dev/null
}

folder_of() { printf '%s/.venv-py%s' "$ROOT" "${1/./}"; } # 3.7 -> <root>/.venv-py37

constraints_of() {
  if [ "$1" = 3.7 ]; then
    printf '%s' "$ROOT/constraints/py37.txt"
  else
    printf '%s' "$ROOT/constraints/py311.txt"
  fi
}

tensorflow_of() { if [ "$1" = 3.7 ]; then printf 1.15; else printf 2.15; fi; }

# Is there a finished environment for this version, made from these very files?
is_ready() { # VERSION
  local folder stamp
  folder="$(folder_of "$1")"
  [ -f "$folder/complete" ] && [ -x "$folder/bin/python" ] || return 1
  stamp="$(fingerprint_of "$folder/bin/python" "$(constraints_of "$1")")" || return 1
  [ "$stamp" = "$(cat "$folder/complete")" ]
}

# Starts an interpreter and asks it what it is: a pyenv shim without its version, a PyPy or a 32-bit Python do not count.
# Sets PYTHON (the interpreter below any virtual environment) and PYTHON_VERSION.
inspect_python() { # PATH
  local answer
  answer="$("$1" -c '
import os, platform, sys
base = os.path.join(sys.base_prefix, "bin", "python%d.%d" % sys.version_info[:2])
if platform.python_implementation() == "CPython" and sys.maxsize > 2 ** 32:
    print(platform.python_version() + " " + (base if os.access(base, os.X_OK) else sys.executable))
' 2>/dev/null </dev/null)" || return 1
  [ -n "$answer" ] || return 1
  PYTHON_VERSION="${answer%% *}"
  PYTHON="${answer#* }"
}

can_make_environments() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 </dev/null; }

# Prints every place where a Python of this version may be, the best first.
places() { # VERSION
  local name folder
  for name in "python$1" python3 python; do
    type -aP "$name" || true
  done
  for folder in "${PYENV_ROOT:-${HOME:-}/.pyenv}" "$(pyenv root 2>/dev/null || true)"; do
    if [ -n "$folder" ]; then printf '%s\n' "$folder/versions/$1".*/bin/python; fi
  done
  printf '%s\n' "$UV_PYTHONS/cpython-$1".*/bin/python3
  if command -v uv >/dev/null; then uv python find "$1" 2>/dev/null </dev/null || true; fi
}

# Finds a Python of this version that works and can make environments. Sets PYTHON and PYTHON_VERSION, or else WHY_NOT.
find_python() { # VERSION
  local place
  if [ "$1" = 3.7 ] && [ "$(uname -m)" != x86_64 ]; then
    WHY_NOT="TensorFlow 1.15 exists for x86_64 only, this is $(uname -m)"
    return 1
  fi
  while IFS= read -r place; do
    if [ ! -x "$place" ] || ! inspect_python "$place" || [ "${PYTHON_VERSION%.*}" != "$1" ]; then continue; fi
    if can_make_environments "$PYTHON"; then return 0; fi
    WHY_NOT="$PYTHON cannot make environments: install its venv module (Debian, Ubuntu: sudo apt-get install python$1-venv)"
  done < <(places "$1")
  return 1
}

# Lets uv, if it is installed, download a Python into the checkout. Sets PYTHON and PYTHON_VERSION.
download_python() { # VERSION
  command -v uv >/dev/null || return 1
  say "No Python $1 on this machine: asking uv to download one into ${UV_PYTHONS#"$ROOT"/} …"
  UV_PYTHON_INSTALL_DIR="$UV_PYTHONS" UV_PYTHON_INSTALL_BIN=0 uv --no-cache python install "$1" </dev/null && find_python "$1" &&
    return 0
  rm -rf "$UV_PYTHONS"
  return 1
}

# Copies pip's output into the log; on a terminal, also shows on one line which package it is at.
show_progress() { # LOG TOTAL
  local line seen=0
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$1"
    [ -t 1 ] || continue
    case "$line" in
    "Collecting "*)
      seen=$((seen + 1))
      line="${line#Collecting }"
      printf '\r\033[K  %3d s  package %d of about %d: %.40s' "$SECONDS" "$seen" "$2" "${line%%[=<>!~; (]*}"
      ;;
    *"Downloading "*" MB)"*) printf '\r\033[K  %3d s  downloading %.60s' "$SECONDS" "${line#*Downloading }" ;;
    "Installing collected packages"*) printf '\r\033[K  %3d s  unpacking, half a minute or so' "$SECONDS" ;;
    esac
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
}

install() { # FOLDER CONSTRAINTS PIP-ARGUMENTS
  local folder="$1" constraints="$2"
  shift 2
  PIP_USER=0 PYTHONUNBUFFERED=1 "$folder/bin/python" -m pip install --no-input --disable-pip-version-check \
    --progress-bar off -c "$constraints" "$@" 2>&1 </dev/null |
    show_progress "$folder/setup.log" "$(grep -c == "$constraints")"
}

# Makes the environment anew. The stamp is written last: whatever was interrupted before it is done again.
set_up() { # VERSION, with PYTHON and PYTHON_VERSION
  local folder constraints log name
  folder="$(folder_of "$1")"
  constraints="$(constraints_of "$1")"
  log="$folder/setup.log"
  name="${folder#"$ROOT"/}"
  SECONDS=0
  trap 'say ""; fail "interrupted: the next start does the set-up again"' INT TERM
  say "Setting up $name: Python $PYTHON_VERSION ($PYTHON), TensorFlow $(tensorflow_of "$1"), all packages pinned."
  say "This happens once and takes one to five minutes, most of it downloading (TensorFlow alone: $(download_size_of "$1"))."
  { rm -rf "$folder" && mkdir "$folder"; } || fail "cannot write to $ROOT: put the checkout where you may write"
  "$PYTHON" -m venv "$folder" >"$log" 2>&1 </dev/null ||
    fail "$PYTHON -m venv failed: $(tail -n 1 "$log") (install python$1-venv, or set TF1PRUNING_PYTHON to another Python)"
  if ! install "$folder" "$constraints" --upgrade pip setuptools wheel ||
    ! (cd "$ROOT" && install "$folder" "$constraints" --no-build-isolation -e ".[all]"); then
    tail -n 15 "$log" >&2
    fail "packages could not be installed, the last lines are above, all of them in $name/setup.log." \
      "Is the network there (or PIP_INDEX_URL set)? Then start again."
  fi
  { fingerprint_of "$folder/bin/python" "$constraints" >"$folder/complete.new" &&
    mv "$folder/complete.new" "$folder/complete"; } || fail "cannot write to $folder: is the disk full?"
  trap - INT TERM
  say "Environment ready after $SECONDS s."
}

download_size_of() { if [ "$1" = 3.7 ]; then printf '110 MB'; else printf '480 MB'; fi; }

# Two starts at once must not build the same folder; the lock is on the checkout itself, so that no file stays behind.
set_up_alone() { # VERSION
  exec 9<"$ROOT"
  if command -v flock >/dev/null && ! flock -n 9; then
    say "Another start is setting up an environment: waiting for it …"
    flock 9
  fi
  if ! is_ready "$1"; then set_up "$1"; fi
  exec 9<&-
}

use_given_python() {
  inspect_python "$TF1PRUNING_PYTHON" ||
    fail "TF1PRUNING_PYTHON=$TF1PRUNING_PYTHON does not start or is no 64-bit CPython: give the path of a Python 3.7 or 3.9-3.11"
  VERSION="${PYTHON_VERSION%.*}"
  case " 3.7 ${NEWER_PYTHONS[*]} " in
  *" $VERSION "*) ;;
  *) fail "TF1PRUNING_PYTHON is Python $PYTHON_VERSION: TensorFlow with tf.estimator needs 3.7, 3.9, 3.10 or 3.11" ;;
  esac
  can_make_environments "$PYTHON" || fail "$PYTHON has no venv module: install python$VERSION-venv"
  if [ -f "$(folder_of "$VERSION")/complete" ]; then
    case "$(cat "$(folder_of "$VERSION")/complete")" in
    "$PYTHON_VERSION "*) ;;
    *) rm -f "$(folder_of "$VERSION")/complete" ;; # made from another patch release: not the one that was asked for
    esac
  fi
  is_ready "$VERSION" || set_up_alone "$VERSION"
}

say_if_newer() {
  if [ "$VERSION" != 3.7 ]; then
    say "${WHY_NOT:-No Python 3.7 here}: using Python $VERSION with TensorFlow 2.15 through tensorflow.compat.v1."
  fi
}

# Sets VERSION to the first ready environment of those given, or fails.
use_ready() {
  for VERSION in "$@"; do
    if is_ready "$VERSION"; then
      say_if_newer
      return 0
    fi
  done
  return 1
}

# Finds the first of the given Pythons and sets an environment up with it, or fails if there is none.
use_found() {
  for VERSION in "$@"; do
    if find_python "$VERSION"; then
      say_if_newer
      set_up_alone "$VERSION"
      return 0
    fi
  done
  return 1
}

use_downloaded() {
  for VERSION in "$@"; do
    if download_python "$VERSION"; then
      say_if_newer
      set_up_alone "$VERSION"
      return 0
    fi
  done
  return 1
}

has_browser() {
  command -v chromedriver >/dev/null || return 1
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

# Sees to a browser for the tests of the report's page: Debian's own, where it is missing and may be installed.
prepare_browser() {
  if has_browser; then return 0; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "Installing Chromium for the tests of the report's page …"
    if DEBIAN_FRONTEND=noninteractive timeout 600 sh -c 'apt-get update && apt-get install -y --no-install-recommends \
      chromium chromium-driver' >/dev/null 2>&1 </dev/null && has_browser; then return 0; fi
  fi
  say "No Chromium with chromedriver here: the tests of the report's page are left out."
}

# The one function to call: afterwards `python` is the environment's.
prepare_environment() {
  local WHY_NOT="" VERSION PYTHON PYTHON_VERSION folder
  unset PYTHONHOME PYTHONPATH # another project's packages must not come in
  if [ -n "${TF1PRUNING_PYTHON:-}" ]; then
    use_given_python
  else
    use_ready 3.7 || use_found 3.7 || use_ready "${NEWER_PYTHONS[@]}" || use_downloaded 3.7 ||
      use_found "${NEWER_PYTHONS[@]}" || use_downloaded "${NEWER_PYTHONS[0]}" ||
      fail "${WHY_NOT:-no Python 3.7 or 3.9-3.11 found: install one (python3.11 and python3.11-venv, pyenv install 3.7, or uv), or set TF1PRUNING_PYTHON=/path/to/python}"
  fi
  folder="$(folder_of "$VERSION")"
  # shellcheck disable=SC2034 # for the scripts to show
  ENVIRONMENT="Python $("$folder/bin/python" -c 'import platform; print(platform.python_version())'), TensorFlow $(tensorflow_of "$VERSION"), ${folder#"$ROOT"/}"
  export VIRTUAL_ENV="$folder" PATH="$folder/bin:$PATH" PYTHONPATH="$ROOT"
  export MPLCONFIGDIR="$folder/cache/matplotlib" KERAS_HOME="$folder/cache/keras" # else they write into the home folder
  export TF_CPP_MIN_LOG_LEVEL="${TF_CPP_MIN_LOG_LEVEL:-3}" # TensorFlow's start-up chatter; errors come as exceptions
}
