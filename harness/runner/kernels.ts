// SPDX-License-Identifier: MIT
import { InputError } from '../errors.ts';
import { type Kernel, isBuiltHere, requireKernel } from '../kernel/require-kernel.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import { packageContext } from './package-context.ts';
import type { RunnerContext } from './runner-context.ts';

/** The kernels of a run; disposing it waits for builds to end. */
export interface Kernels extends AsyncDisposable {
  /** The kernel of that reference, as soon as it is built. Throws like `requireKernel`. */
  get(ref: string): Promise<Kernel>;
  /**
   * The same, looked at again after its files have changed on the host: what the cache has of it is then made anew.
   * Throws `InputError` if that is another kernel.
   */
  again(ref: string): Promise<Kernel>;
  /** How many builds a cell has to wait for; 0 if its kernel is ready. */
  waitFor(cell: PlannedCell): number;
}

/**
 * Gets kernels of packages and images, and checks references to those that are built from source, so that a wrong one is
 * refused before the first machine starts. Builds run in the background, one after another, as each takes all CPUs.
 * Throws like `requireKernel`.
 */
export async function requireKernels(
  cells: readonly PlannedCell[],
  settings: { readonly mirror?: string | undefined },
  context: RunnerContext,
): Promise<Kernels> {
  const sources = packageContext(settings, context);
  const kernels = new Map<string, Promise<Kernel>>();
  const toBuild: string[] = [];
  for (const ref of new Set(cells.map(({ spec }) => spec.kernel))) {
    if (await isBuiltHere(ref)) toBuild.push(ref);
    else kernels.set(ref, Promise.resolve(await requireKernel(ref, sources)));
  }
  let builds: Promise<unknown> = Promise.resolve();
  for (const ref of toBuild) {
    const kernel = builds.then(() => requireKernel(ref, sources));
    // A failure surfaces where its kernel is awaited.
    builds = kernel.catch(() => {});
    kernels.set(ref, kernel);
  }
  const get: Kernels['get'] = (ref) =>
    kernels.get(ref) ?? Promise.reject(new Error(`No kernel for ${ref}`));
  return {
    get,
    again: async (ref) => {
      const { image, imageSha256 } = await get(ref);
      const now = await requireKernel(ref, sources);
      if (now.imageSha256 === imageSha256) return now;
      throw new InputError(
        `Cannot run ${ref} again: expected ${image} with sha256 ${imageSha256}, found ${now.imageSha256}; start a new run`,
      );
    },
    waitFor: ({ spec }) => toBuild.indexOf(spec.kernel) + 1,
    [Symbol.asyncDispose]: async () => {
      await builds;
    },
  };
}
