#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Compiles the program into dist/ if a source has changed since; silent if none has. With --prune, dist/ then holds
# nothing older (build.mjs).
# Writes to standard error alone. Where it fails it says what to run and exits 69 (EX_UNAVAILABLE).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly SOURCES=(harness package.json package-lock.json scripts/build.mjs tsconfig.json)

main() {
  if [[ $* != @(|--prune) ]]; then
    echo 'Usage: npm run build' >&2
    exit 64
  fi
  if is_current; then return; fi
  # Of two starts at once the second finds the work done.
  local lock
  { mkdir -p dist && exec {lock}>dist/.lock; } ||
    give_up 'write to dist/' 'expected a folder of yours'
  flock "$lock"
  if is_current; then return; fi
  scripts/setup.sh modules
  node scripts/build.mjs "$@" >&2 || give_up 'compile harness/' 'see above'
}

# By the time of change, which no copy or check-out can set back; a folder's own tells of files that are gone.
is_current() {
  [[ -e dist/.stamp && -d node_modules ]] || return
  local changed
  changed=$(find "${SOURCES[@]}" \( -name testdata -o -name '*.test.ts' \) -prune \
    -o -cnewer dist/.stamp -print -quit)
  [[ -z $changed ]]
}

give_up() {
  echo "sub1m: Cannot $1: $2; try again when this works: $PWD/scripts/build.sh" >&2
  exit 69
}

main "$@"
