// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';
import { SUITES } from '../package/choose-version.ts';

/** What a firmware reference asks for. */
export type OvmfReference =
  | { readonly kind: 'host' }
  | { readonly kind: 'path'; readonly path: string }
  | DebianOvmfReference;

/** A reference to a Debian package. */
export type DebianOvmfReference =
  | { readonly kind: 'version'; readonly version: string }
  | { readonly kind: 'suite'; readonly suite: string };

/** The reference to what the firmware descriptors of the host offer. */
const HOST = 'host';

/** The prefix of a reference to a package. */
export const DEBIAN = 'debian:';
const VERSION = /^\d[A-Za-z0-9.+~-]*$/;

/**
 * Reads a firmware reference: `host`, `debian:2022.11`, `debian:2022.11-6+deb12u2`, `debian:bookworm`; anything else is
 * a path.
 */
export function parseOvmfReference(ref: string): OvmfReference {
  if (ref === HOST) return { kind: 'host' };
  if (!ref.startsWith(DEBIAN)) return { kind: 'path', path: ref };
  const what = ref.slice(DEBIAN.length);
  if (VERSION.test(what)) return { kind: 'version', version: what };
  if (SUITES.includes(what)) return { kind: 'suite', suite: what };
  throw new UsageError(
    `Cannot read the firmware reference "${ref}": expected host, debian:<version>, debian:<suite> or the path of an ` +
      `OVMF_CODE*.fd; the suites are ${SUITES.join(', ')}`,
  );
}
