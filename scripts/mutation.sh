#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Mutation testing of the reference model, `harness/model/`: prints every mutant that no test kills
# and the score, and fails below 90 %. Takes 8 minutes on two cores, so it is no part of `npm test`.
# Arguments go to Stryker, e.g. `--mutate harness/model/quirks.ts`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh modules
exec node_modules/.bin/stryker run scripts/check/stryker.config.json "$@"
