#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs before `npm pack`: compiles the program, and the types for other programs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Files of earlier builds stay out of the package.
rm -rf dist/.stamp dist/types
scripts/build.sh --prune
node_modules/.bin/tsc --project scripts/check/public-types.json
