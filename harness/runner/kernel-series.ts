// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';
import { listKernels } from '../kernel/list-kernels.ts';
import type { Axes } from '../matrix/expand.ts';
import type { PackageContext } from '../package/package-lists.ts';

/** The newest kernel of every series of the mirror, in Debian's cloud flavour. */
const SERIES = 'debian:series';
const FLAVOUR = 'cloud';

/** The axes with a kernel of each series named instead of `debian:series`. Throws like `requireKernel`. */
export async function withSeries(axes: Axes, context: PackageContext): Promise<Axes> {
  if (!axes.kernel.includes(SERIES)) return axes;
  const kernels = await listKernels(context);
  const series = seriesOf(kernels.filter(({ flavour }) => flavour === FLAVOUR));
  if (series.length === 0) throw new UsageError(`Cannot find a kernel: the mirror has no series`);
  context.log.info(`the mirror has the series ${series.join(', ')}`);
  const refs = series.map((one) => `debian:${one}`);
  return { ...axes, kernel: axes.kernel.flatMap((ref) => (ref === SERIES ? refs : [ref])) };
}

/** The series of kernels, such as `6.12`, in the order of their versions. */
export function seriesOf(kernels: readonly { readonly version: string }[]): string[] {
  const series = kernels.flatMap(({ version }) => /^\d+\.\d+(?=[.~-])/.exec(version) ?? []);
  return [...new Set(series)];
}
