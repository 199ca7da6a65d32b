// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';
import { versionBeginsWith } from '../package/debian-version.ts';
import { NEWEST, parseKernelReference } from './kernel-reference.ts';
import type { KernelListing } from './list-kernels.ts';

type Listed = Pick<KernelListing, 'ref' | 'version' | 'flavour'>;

/**
 * The kernels of a range, all of one flavour, in the order of `kernels`, oldest first. `debian:5.10..debian:6.12` is
 * from the first whose version begins with 5.10 to the last whose version begins with 6.12; `debian:6.12` is all whose
 * version begins so. Throws `UsageError` for fewer than two.
 */
export function kernelsInRange<K extends Listed>(kernels: readonly K[], range: string): K[] {
  const [from = '', to = from] = range.split('..');
  const [oldest, newest] = [parseEnd(from, range), parseEnd(to, range)];
  if (oldest.flavour !== newest.flavour) {
    throw new UsageError(
      `Cannot take the range ${range}: expected one flavour, found ${oldest.flavour} and ${newest.flavour}`,
    );
  }
  const flavoured = kernels.filter(({ flavour }) => flavour === oldest.flavour);
  const first = flavoured.findIndex(({ version }) => matches(version, oldest.version));
  const last = flavoured.findLastIndex(({ version }) => matches(version, newest.version));
  const missing = first === -1 ? from : last === -1 ? to : undefined;
  if (missing !== undefined) {
    throw new UsageError(`Cannot find a kernel ${missing}; "sub1m kernels" lists them all`);
  }
  const found = flavoured.slice(first, last + 1);
  if (found.length >= 2) return found;
  const why =
    last < first ? `but ${from} is newer than ${to}; swap them` : `found only ${found[0]?.ref}`;
  throw new UsageError(`Cannot take the range ${range}: expected at least two kernels, ${why}`);
}

function parseEnd(ref: string, range: string): { version: string; flavour: string } {
  const end = parseKernelReference(ref);
  if (end.kind === 'version') return end;
  throw new UsageError(
    `Cannot take the range ${range}: expected debian:<version>..debian:<version> or debian:<version>`,
  );
}

function matches(version: string, wanted: string): boolean {
  return wanted === NEWEST || versionBeginsWith(version, wanted);
}
