#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `npm run check`: all that CI checks but the tests, or some of it: npm run check lint format
# Exits with the number of steps that failed.
#
# shellcheck disable=SC2317,SC2329 # Functions are called by name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STEPS=(types lint format imports unused shell)
readonly TYPESCRIPT=(harness scripts vitest.config.ts)

PATH=$PWD/node_modules/.bin:$PATH

main() {
  local name failed=0
  for name in "$@"; do
    if [[ " ${STEPS[*]} " != *" $name "* ]]; then
      echo "Cannot check $name. Usage: npm run check [${STEPS[*]}]" >&2
      exit 64
    fi
  done
  scripts/setup.sh modules
  if (($# == 0)); then set -- "${STEPS[@]}"; fi
  for name in "$@"; do
    if run_step "$name"; then continue; fi
    failed=$((failed + 1))
    # Without types the other steps find only consequences.
    if [[ $name == types ]]; then break; fi
  done
  exit "$failed"
}

run_step() {
  local name=$1 started=$SECONDS outcome=ok
  echo "== $name"
  "check_$name" || outcome=FAILED
  echo "== $name: $outcome ($((SECONDS - started)) s)"
  [[ $outcome == ok ]]
}

check_types() {
  tsc && tsc -p scripts/check/tsconfig.page.json
}

check_lint() {
  oxlint --config scripts/check/oxlint.jsonc --type-aware "${TYPESCRIPT[@]}"
}

check_format() {
  oxfmt --config scripts/check/oxfmt.jsonc --check "${TYPESCRIPT[@]}" '!**/testdata/**'
}

check_imports() {
  node --import ./harness/process/typescript.mjs scripts/check/check-imports.ts
}

check_unused() {
  knip --config scripts/check/knip.jsonc
}

check_shell() {
  local scripts
  mapfile -t scripts < <(grep -rlE '^#!.*\b(ba)?sh$' sub1m scripts guest docs .ci)
  shellcheck --external-sources "${scripts[@]}"
}

main "$@"
