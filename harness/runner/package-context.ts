// SPDX-License-Identifier: MIT
import type { PackageContext } from '../package/package-lists.ts';
import type { RunnerContext } from './runner-context.ts';

/** The context of packages; a `mirror` that the user named goes before the environment's. */
export function packageContext(
  { mirror }: { readonly mirror?: string | undefined },
  { environment, signal, log }: RunnerContext,
): PackageContext {
  const { cacheDir } = environment;
  return { cacheDir, mirror: mirror ?? environment.mirror, signal, log };
}
