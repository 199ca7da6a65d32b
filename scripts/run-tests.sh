#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs the tests of one kind, all of them or those with a part of their path:
#
#   npm run unit harness/model/two-phase.test.ts
#   npm run machines jump            also those that only run nightly
#   npm run browser                  reports, opened in chromium
#   npm run nightly
#
# Options after -- go to Vitest: npm run unit harness/model -- --watch
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly USAGE='Usage: npm run unit|browser|machines|nightly [part of a path]… [-- <option of Vitest>…]'

# The projects of Vitest, what its files are called, and what the host needs for it (setup.sh).
case ${1:-} in
  unit) projects=(unit) names='*.test.ts' needs=modules ;;
  browser) projects=(browser) names='*.browser.test.ts' needs=test ;;
  machines) projects=(qemu) names='*.qemu.test.ts' needs=start ;;
  nightly) projects=(nightly) names='*.nightly.test.ts' needs=test ;;
  *)
    echo "$USAGE" >&2
    exit 64
    ;;
esac
shift

# Those of every night are machine tests, too: npm run machines attack.
others=$names
if [[ ${projects[0]} == qemu && ${1:--} != -* ]]; then
  projects+=(nightly) others='*.nightly.test.ts' needs=test
fi

for part in "$@"; do
  if [[ $part == -* ]]; then break; fi
  if [[ -z $(find harness scripts -path "*${part#./}*" \( -name "$names" -o -name "$others" \) -print -quit) ]]; then
    echo "Cannot run $part: no $names with this in its path" >&2
    echo "$USAGE" >&2
    exit 64
  fi
done

scripts/setup.sh "$needs"
exec node_modules/.bin/vitest run "${projects[@]/#/--project=}" "$@"
