// SPDX-License-Identifier: MIT
import { QUEUE_VERSION } from '../../queue/payload.ts';
import type { Versions } from '../../queue/registry.ts';
import { codeVersion } from '../code-version.ts';

/** What this sub1m is, for those who work with it over a queue. */
export function queueVersions(): Versions {
  const { version, code, model } = codeVersion();
  return { queue: QUEUE_VERSION, sub1m: version, code, model };
}
