#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# npm run -s bench -- cell|vmcore [--json] [--rounds N] [--kernel REF]: see bench.ts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh start
exec node --import tsx scripts/bench.ts "$@"
