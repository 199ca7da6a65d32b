#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# npm run -s bench -- cell|start|vmcore [--json] [--rounds N] [--kernel REF]: see bench.ts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
needs=start
if [[ ${1:-} == start ]]; then needs=modules; fi
scripts/setup.sh "$needs"
exec node --import ./harness/process/typescript.mjs scripts/bench.ts "$@"
