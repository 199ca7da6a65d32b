// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';
import { versionBeginsWith } from '../package/debian-version.ts';
import { NEWEST, parseKernelReference } from './kernel-reference.ts';
import type { KernelListing } from './list-kernels.ts';

type Listed = Pick<KernelListing, 'ref' | 'version' | 'flavour'>;

/**
 * The kernels of a range such as `debian:5.10..debian:6.12`, of one flavour, in the order of `kernels`, the oldest first:
 * from the first whose version begins with the one to the last whose version begins with the other; `debian:6.12` is all
 * that begin so. Throws `UsageError` if there are not two.
 */
export function kernelsInRange<K extends Listed>(kernels: readonly K[], range: string): K[] {
  const [from = '', to = from] = range.split('..');
  const [oldest, newest] = [parseEnd(from, range), parseEnd(to, range)];
  if (oldest.flavour !== newest.flavour) {
    throw new UsageError(
      `Cannot take the range ${range}: one flavour wanted, ${oldest.flavour} and ${newest.flavour} found`,
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
    last < first ? `${from} is newer than ${to}; swap them` : `there is but ${found[0]?.ref}`;
  throw new UsageError(`Cannot take the range ${range}: two kernels or more wanted, ${why}`);
}

function parseEnd(ref: string, range: string): { version: string; flavour: string } {
  const end = parseKernelReference(ref);
  if (end.kind === 'version') return end;
  throw new UsageError(
    `Cannot take the range ${range}: debian:<version>..debian:<version> or debian:<version> wanted`,
  );
}

function matches(version: string, wanted: string): boolean {
  return wanted === NEWEST || versionBeginsWith(version, wanted);
}
