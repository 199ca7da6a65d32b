// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';

/** What a kernel reference asks for. */
export type KernelReference =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'recipe'; readonly recipe: string }
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'version'; readonly version: string; readonly flavour: string };

/** The version of a reference that takes whatever is newest. */
export const NEWEST = 'newest';

/** The same source and low-memory code as Debian's `amd64` flavour, a third of its size. */
const DEFAULT_FLAVOUR = 'cloud';

const DEBIAN = 'debian:';
const RECIPE = 'recipe:';
const PACKAGE_NAME = /^linux-(?:image|binary)-[a-z0-9.+~-]+$/;
const VERSION = /^(newest|\d[A-Za-z0-9.+~-]*)(?:\/([a-z0-9]+))?$/;

/**
 * Reads a kernel reference: `debian:6.12`, `debian:6.12.43-1~bpo12+1`, `debian:newest`, another
 * flavour as `debian:6.12/rt` or `debian:6.12/amd64`, `debian:linux-image-…`; `recipe:<name>`;
 * anything else is a path.
 */
export function parseKernelReference(ref: string): KernelReference {
  if (ref.startsWith(RECIPE)) return { kind: 'recipe', recipe: ref.slice(RECIPE.length) };
  if (!ref.startsWith(DEBIAN)) return { kind: 'path', path: ref };
  const what = ref.slice(DEBIAN.length);
  if (PACKAGE_NAME.test(what)) return { kind: 'package', name: what };
  const [, version, flavour = DEFAULT_FLAVOUR] = VERSION.exec(what) ?? [];
  if (version === undefined) {
    throw new UsageError(
      `Cannot read the kernel reference "${ref}": expected debian:<version>, debian:<version>/<flavour>, ` +
        'debian:newest or debian:linux-image-…; "sub1m kernels" lists them',
    );
  }
  return { kind: 'version', version, flavour };
}

/** The reference that names exactly this version. */
export function renderVersionReference(version: string, flavour: string): string {
  return `${DEBIAN}${version}${flavour === DEFAULT_FLAVOUR ? '' : `/${flavour}`}`;
}
