#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Compiles the program into dist/ if a source has changed since the last time; otherwise does nothing. With --prune,
# files of earlier builds are removed (build.mjs).
# Writes only to standard error. On failure it says what to run and exits 69 (EX_UNAVAILABLE).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly SOURCES=(harness package.json package-lock.json scripts/build.mjs tsconfig.json)

main() {
  if [[ $* != @(|--prune) ]]; then
    echo 'Usage: npm run build' >&2
    exit 64
  fi
  if is_current; then return; fi
  # Of two concurrent starts the second finds the work done.
  local lock
  { mkdir -p dist && exec {lock}>dist/.lock; } ||
    give_up 'write to dist/' 'see above'
  flock "$lock"
  if is_current; then return; fi
  scripts/setup.sh modules
  node scripts/build.mjs "$@" >&2 || give_up 'compile harness/' 'see above'
}

# Compares change times (ctime), which neither copying nor git can set back; a deleted file changes its folder.
is_current() {
  [[ -e dist/.stamp && -d node_modules ]] || return
  local changed
  changed=$(find "${SOURCES[@]}" \( -name testdata -o -name '*.test.ts' \) -prune \
    -o -cnewer dist/.stamp -print -quit)
  [[ -z $changed ]]
}

give_up() {
  echo "sub1m: Cannot $1: $2; rerun when this works: $PWD/scripts/build.sh" >&2
  exit 69
}

main "$@"
