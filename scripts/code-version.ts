// SPDX-License-Identifier: MIT
/** Prints which code this is, for a package, which has no sources. */
import { codeVersion } from '../harness/runner/code-version.ts';

process.stdout.write(`${JSON.stringify(codeVersion())}\n`);
