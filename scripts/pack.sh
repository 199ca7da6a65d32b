#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `npm pack` begins with this: what the package has and a checkout does not need.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Only this build goes into the package, not what earlier ones have left.
rm -rf dist/.stamp dist/types
scripts/build.sh --prune
node_modules/.bin/tsc --project scripts/check/public-types.json
