// SPDX-License-Identifier: MIT
/** Builds what the model makes of layouts, for tests. */
import { type Layout, parseLayout } from '../../layout/layout.ts';
import { PLAIN_MACHINE } from '../../model/model-inputs.ts';
import type { PolicyId } from '../../policy-id.ts';
import { type Prediction, predict } from '../../model/prediction.ts';

type Row = readonly [start: string, end: string, type: string];

/** The boot services of the thread of 2021. */
export const THREAD_LAYOUT = layoutOf('thread', [
  ['0x0', '0xffff', 'Conventional'],
  ['0x10000', '0x13fff', 'BootServicesData'],
  ['0x14000', '0x62fff', 'Conventional'],
  ['0x63000', '0x8efff', 'BootServicesData'],
  ['0x8f000', '0x9ffff', 'Conventional'],
]);

/** No room for a trampoline but in boot services. */
export const FULL_LAYOUT = layoutOf('full', [
  ['0x0', '0xffff', 'Conventional'],
  ['0x10000', '0x9efff', 'BootServicesData'],
]);

/** A layout of the rows of an EFI memory map. */
export function layoutOf(id: string, rows: readonly Row[]): Layout {
  const ranges = rows.map(([start, end, type]) => ({ start, end, type }));
  return parseLayout(JSON.stringify({ schema: 1, id, source: 'a test', kind: 'efi', ranges }), id);
}

/** What the model predicts for a layout under policies. */
export function predictions(
  { maps }: Layout,
  cmdline: string,
  policies: readonly PolicyId[],
): Prediction[] {
  return policies.map((policy) => predict({ ...PLAIN_MACHINE, ...maps, cmdline }, policy));
}
