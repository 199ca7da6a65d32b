#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# npm run -s bench -- cell|ownership|report|start|vmcore [--json] [--rounds N] [--kernel REF]: see bench.ts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
needs=start
case ${1:-} in
  start) needs=modules ;;
  report) needs='test' ;;
  *) ;;
esac
scripts/setup.sh "$needs"
exec node --import ./harness/process/typescript.mjs scripts/bench.ts "$@"
