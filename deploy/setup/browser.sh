#!/bin/sh
# Makes sure of a Chromium for the tests of pages: Debian's package where this is root on Debian, else a word on what is missing.
set -eu
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "[set-up] installing Chromium by apt-get for the tests of pages"
  if (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium) >/dev/null; then
    exit 0
  fi
  echo "[set-up] Chromium could not be installed: the tests of pages will be skipped" >&2
else
  echo "[set-up] no Chromium here (Debian: apt-get install chromium, as root): the tests of pages will be skipped" >&2
fi
