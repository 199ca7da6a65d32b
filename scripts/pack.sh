#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs before `npm pack`: compiles the program and the types for other programs, and writes down which code it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Files of earlier builds stay out of the package.
rm -rf dist/.stamp dist/types
scripts/build.sh --prune
node --import ./harness/process/typescript.mjs scripts/code-version.ts >dist/code-version.json
node_modules/.bin/tsc --project scripts/check/public-types.json
