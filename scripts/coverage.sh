#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# npm run -s coverage -- <results folder>…: see coverage.ts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh start
exec node --import ./harness/process/typescript.mjs scripts/coverage.ts "$@"
