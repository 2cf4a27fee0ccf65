#!/bin/sh
# Makes .venv exactly as uv.lock says. Needs a Python >= 3.11 with its venv module, and a package registry the first time.
# PIP_* and SSL_CERT_FILE are honoured: a mirror named by PIP_INDEX_URL serves all packages, checked against the locked digests.
set -eu
cd "$(dirname "$0")/../.."
step() { printf '[set-up] %s\n' "$*"; }
fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ -d .venv ] && ! usable .venv/bin/python; then
  step "the environment in .venv no longer works: making it anew"
  rm -rf .venv
fi

if [ ! -d .venv ]; then
  python=""
  for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
    if usable "$candidate"; then python=$candidate; break; fi
  done
  [ -n "$python" ] || fail "no Python >= 3.11 was found (looked for python3 and python3.11 to python3.14 on the PATH; PYTHON=/path/to/python names another)."
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  "$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "Python $version has no venv module. Install it (Debian and Ubuntu: apt-get install python3-venv) and run this again."
  step "making .venv with Python $version"
  "$python" -m venv --prompt siglab .venv || { rm -rf .venv; fail "the environment could not be made; the reason stands above."; }
fi

if [ -n "${PIP_CERT:-}" ] && [ -z "${SSL_CERT_FILE:-}" ]; then export SSL_CERT_FILE="$PIP_CERT"; fi
export UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON=.venv/bin/python UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1
export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-${PIP_DEFAULT_TIMEOUT:-60}}"

wanted=$(awk '/^name = "uv"$/ {getline; gsub(/[^0-9.]/, ""); print; exit}' uv.lock)
if [ "$(.venv/bin/uv --version 2>/dev/null | awk '{print $2}')" != "$wanted" ]; then
  step "fetching the installer, uv $wanted"
  .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input "uv==$wanted" ||
    fail "uv could not be fetched from the package registry. Is it reached? PIP_INDEX_URL names a mirror, PIP_CERT a certificate authority."
fi

step "installing what uv.lock names (some 150 packages the first time)"
if [ -n "${PIP_INDEX_URL:-}" ]; then
  mkdir -p build
  .venv/bin/uv export --quiet --frozen --all-extras --no-emit-workspace --output-file build/requirements.txt
  .venv/bin/uv pip sync --quiet --require-hashes --default-index "$PIP_INDEX_URL" build/requirements.txt ||
    fail "the packages could not be installed from $PIP_INDEX_URL; the reason stands above."
  .venv/bin/uv pip install --quiet --no-deps --default-index "$PIP_INDEX_URL" --editable clients ||
    fail "the clients' package could not be built; the reason stands above."
else
  .venv/bin/uv sync --quiet --locked --all-extras || {
    step "the registry did not answer for all packages: trying those already fetched"
    .venv/bin/uv sync --quiet --locked --all-extras --offline ||
      fail "the packages could not be installed; the reason stands above."
  }
fi
step "the Python environment is ready"
