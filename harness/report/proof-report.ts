// SPDX-License-Identifier: MIT
import { EFI_MEMORY_TYPES } from '../memory/efi-memory-types.ts';
import { renderPages } from '../memory/page-map.ts';
import { SZ_1M, hex } from '../memory/pfn.ts';
import { renderRange } from '../memory/phys-range.ts';
import type { Counterexample, Proof } from '../model/prove.ts';
import { CUTS } from '../model/small-machines.ts';
import { groupBy } from '../group-by.ts';

/** What all those layouts are, in words. */
const SPACE =
  `memory below 640 KiB in up to 4 ranges (conventional, boot services data or code, reserved) between ${CUTS.map((cut) => hex(cut)).join(', ')}; ` +
  'with and without an EBDA at 0x2c000, with and without crashkernel=192M';

/** Proofs of one promise: that it is kept, or the smallest layout on which it is broken, and how. */
export function renderProofs(proofs: readonly Proof[]): string {
  return `Layouts: ${SPACE}\n\n${proofs.map(renderProof).join('\n')}`;
}

function renderProof(proof: Proof): string {
  const { promise, policy, counterexample } = proof;
  if (!counterexample) return `${promise} under ${policy}: ${keptOn(proof)}\n`;
  const { machine, prediction, breach } = counterexample;
  const [page] = breach.pages;
  const history = page === undefined ? [] : (prediction.pages[page]?.history ?? []);
  const lines = [
    `${promise} under ${policy}: broken, at the smallest on`,
    ...lowEntries(counterexample).map(
      ({ range, type }) => `  ${renderRange(range)} ${EFI_MEMORY_TYPES[type]?.name}`,
    ),
    `  ${circumstances(machine)}`,
    `  ${[renderPages(breach.pages).join(', '), breach.why].filter(Boolean).join(': ')}`,
    ...(page === undefined ? [] : [`  Page ${hex(page)}`]),
    ...history.map(({ step, owner, why }) => `    ${step}: ${owner}: ${why}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** A table in Markdown: a row for each policy, a column for each promise. */
export function renderProofTable(proofs: readonly Proof[]): string {
  const rows = [...groupBy(proofs, ({ policy }) => policy)];
  const promises = rows[0]?.[1].map(({ promise }) => promise) ?? [];
  const lines = [
    `| policy | ${promises.map((promise) => `\`${promise}\``).join(' | ')} |`,
    `|${' --- |'.repeat(promises.length + 1)}`,
    ...rows.map(([policy, row]) => `| \`${policy}\` | ${row.map(tableCell).join(' | ')} |`),
  ];
  return `${lines.join('\n')}\n`;
}

/** What a proof says in the table. */
export function tableCell(proof: Proof): string {
  const { counterexample } = proof;
  if (!counterexample) return keptOn(proof);
  const ranges = lowEntries(counterexample).map(
    ({ range, type }) => `${EFI_MEMORY_TYPES[type]?.name} ${renderRange(range)}`,
  );
  return `**broken**: ${ranges.join(', ')}; ${circumstances(counterexample.machine)}`;
}

function keptOn({ asked }: Proof): string {
  return asked === 0 ? 'not promised' : `kept on all ${asked} layouts`;
}

function lowEntries({ machine: { efiMap } }: Counterexample): NonNullable<typeof efiMap> {
  return (efiMap ?? []).filter(({ range }) => range.start < SZ_1M);
}

function circumstances({ biosWords, cmdline }: Counterexample['machine']): string {
  const ebda = biosWords.ebdaSegment << 4;
  const words = [...(ebda === 0 ? [] : [`EBDA at ${hex(ebda)}`]), cmdline || 'no crashkernel'];
  return words.join(', ');
}
