#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# npm run -s soak -- [--cells N] [--jobs N]: see soak.ts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh start
scripts/build.sh
exec node --import ./harness/process/typescript.mjs scripts/soak.ts "$@"
