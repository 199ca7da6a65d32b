// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { cellKey } from '../history/cell-key.ts';
import { durations } from '../history/durations.ts';
import type { HistoryLine } from '../history/history-line.ts';
import { readHistory } from '../history/read-history.ts';
import { findKernel } from '../kernel/kernel-packages.ts';
import { parseKernelReference } from '../kernel/kernel-reference.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import type { CellOutlook } from '../matrix/night.ts';
import { type PackageContext, packageLists } from '../package/package-lists.ts';

/** How long a cell of each kind takes where nothing is known, seconds: on an idle host of two processors under TCG. */
const USUAL_SECONDS = { crash: 35, ownership: 15 } as const;

/** A finding is looked at again for so long, ms. */
const FOUND_MS = 14 * 24 * 60 * 60 * 1000;

/** Tells what is known of a cell before it runs. */
export type Outlook = (cell: Omit<PlannedCell, 'id'>) => CellOutlook;

/**
 * What a file of history, if there is one, and the mirror's lists say of cells. Throws like `readHistory` and
 * `packageLists`.
 */
export async function readOutlook(
  cells: readonly PlannedCell[],
  path: string | undefined,
  context: PackageContext,
): Promise<Outlook> {
  const { signal, log } = context;
  const isThere = path !== undefined && existsSync(path);
  const { lines, skipped } = isThere
    ? await readHistory([path], { signal })
    : { lines: [], skipped: { count: 0 } };
  if (skipped.count > 0) log.warn(`${path}: lines that are no history: ${skipped.count}`);
  return outlookFrom(lines, await newestReleases(cells, context));
}

/** The release of the newest kernel of each reference to a package. */
async function newestReleases(
  cells: readonly PlannedCell[],
  context: PackageContext,
): Promise<Map<string, string>> {
  const releases = new Map<string, string>();
  const refs = new Set(cells.map(({ spec }) => spec.kernel));
  const debian = [...refs].filter((ref) => ref.startsWith('debian:'));
  if (debian.length === 0) return releases;
  const { packages } = await packageLists(context);
  for (const ref of debian) {
    const wanted = parseKernelReference(ref);
    if (wanted.kind === 'path' || wanted.kind === 'recipe') continue;
    const name = findKernel(packages, wanted)?.name;
    if (name !== undefined) releases.set(ref, releaseIn(name));
  }
  return releases;
}

/** The release that a package's name has: `linux-image-6.12.43+deb12-cloud-amd64-unsigned`. */
function releaseIn(name: string): string {
  return name.replace(/^linux-(?:image|binary)-(?:unsigned-)?/, '').replace(/-unsigned$/, '');
}

/** See `readOutlook`; `lines` are oldest first, and `releases` are what references lead to now. */
export function outlookFrom(
  lines: readonly HistoryLine[],
  releases: ReadonlyMap<string, string>,
): Outlook {
  const measured = durations(lines);
  const newest = new Map(lines.map((line) => [line.key, line]));
  const known = new Set(lines.map(({ kernel }) => kernel.ref));
  const last = Date.parse(lines.at(-1)?.at ?? '');
  const found = new Set(lines.filter((line) => isFinding(line, last)).map(({ key }) => key));
  const usual = usualSeconds(lines);
  return ({ spec }) => {
    const key = cellKey(spec);
    const before = newest.get(key);
    const seconds = measured.get(key)?.median;
    const kind = spec.trigger === 'none' ? 'ownership' : 'crash';
    const release = releases.get(spec.kernel);
    return {
      seconds: seconds ?? usual[kind],
      isMeasured: seconds !== undefined,
      lastRun: before ? Date.parse(before.at) : -Infinity,
      isChanged: before
        ? release !== undefined && before.kernel.release !== release
        : !known.has(spec.kernel),
      hasFound: found.has(key),
      hasMissed: before !== undefined && before.fault?.caught === false,
    };
  };
}

/** Whether a run broke something or could not be judged, not long before the newest; faults are meant to. */
function isFinding({ verdict, fault, at }: HistoryLine, last: number): boolean {
  return fault === null && verdict.counted !== 'match' && last - Date.parse(at) < FOUND_MS;
}

/** How long cells of each kind took in the history, on average: it is this host, or one like it. */
function usualSeconds(lines: readonly HistoryLine[]): Record<keyof typeof USUAL_SECONDS, number> {
  const mean = (kind: keyof typeof USUAL_SECONDS): number => {
    const totals = lines.flatMap(({ seconds }) => {
      // Only a cell that crashes its kernel has this phase.
      const isCrash = seconds['trigger'] !== undefined;
      return isCrash === (kind === 'crash') ? (seconds['total'] ?? []) : [];
    });
    if (totals.length === 0) return USUAL_SECONDS[kind];
    return totals.reduce((sum, total) => sum + total, 0) / totals.length;
  };
  return { crash: mean('crash'), ownership: mean('ownership') };
}
