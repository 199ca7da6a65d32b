// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { layoutBlob } from '../firmware/layout-blob.ts';
import type { Log } from '../log.ts';
import type { Axes, PlannedCell } from '../matrix/expand.ts';
import type { Layout } from '../layout/layout.ts';
import { planPersonality } from '../layout/personality-plan.ts';
import { readLayout, readLayouts } from '../layout/read-layout.ts';

/** OVMF's own layout. */
const STOCK = 'stock';
/** Every layout of `images/layouts/` that a machine can be given, one of each kind. */
const CORPUS = 'corpus';

/** The axes with every layout named instead of `corpus`; logs which layouts it leaves out. */
export async function withCorpus(axes: Axes, log: Log): Promise<Axes> {
  if (!axes.layout?.includes(CORPUS)) return axes;
  const layouts = (await readLayouts()).filter(({ edge }) => !edge);
  const ids = new Map<string, string>();
  for (const layout of layouts) {
    try {
      const asked = Buffer.from(layoutBlob(planPersonality(layout))).toString('hex');
      if (!ids.has(asked)) ids.set(asked, layout.id);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      log.info(`left out of the corpus: ${error.message}`);
    }
  }
  log.info(`the corpus has ${ids.size} layouts, and ${layouts.length} machines`);
  const all = [...ids.values()];
  return { ...axes, layout: axes.layout.flatMap((name) => (name === CORPUS ? all : [name])) };
}

/**
 * The layouts that cells ask for, by name; null for OVMF's own. Throws `UsageError` for one that does not exist,
 * `FormatError` for one that cannot be read or that no machine can be given.
 */
export async function requireLayouts(
  cells: readonly PlannedCell[],
): Promise<Map<string, Layout | null>> {
  const layouts = new Map<string, Layout | null>([[STOCK, null]]);
  for (const name of new Set(cells.map(({ spec }) => spec.layout))) {
    if (layouts.has(name)) continue;
    const layout = await readLayout(name);
    planPersonality(layout);
    layouts.set(name, layout);
  }
  return layouts;
}
