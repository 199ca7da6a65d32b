// SPDX-License-Identifier: MIT
import type { Evidence } from './evidence.ts';
import type { EfiDescriptor } from '../../memory/efi-memory-map.ts';
import { EFI_MEMORY_TYPES } from '../../memory/efi-memory-types.ts';
import type { PersonalityLog } from '../../layout/personality-log.ts';
import { PHYS_ADDR_LIMIT, SZ_1M } from '../../memory/pfn.ts';
import {
  type PhysRange,
  covers,
  intersects,
  physRange,
  renderRange,
} from '../../memory/phys-range.ts';
import { printableText } from '../../memory/printable-text.ts';
import { without } from '../../memory/range-set.ts';
import { findKernelFailure } from './kernel-failure.ts';
import { phaseEnded } from './phase-ended.ts';

/** A range and the type expected there; null is a hole. */
interface Wanted {
  readonly range: PhysRange;
  readonly type: number | null;
}

/** RAM ends here and the VGA hole begins: a layout covers every page below. */
const RAM = physRange(0, 0xa_0000);

/** Entries below 1 MiB, where there are 256 pages. */
const ENTRIES_LIMIT = 1024;

/** More would not help a reader. */
const FAULTS_SHOWN = 10;

/**
 * Why the cell cannot be judged: OVMF did not get the cell's layout in full, or nothing says that it
 * did. Null if it did, for a best-effort or stock cell, and where the host failed, which is the better
 * reason.
 */
export function findMisfit(evidence: Evidence): string | null {
  const { spec, outcome } = evidence.cell;
  if (spec.layout === 'stock' || outcome.kind === 'infra') return null;
  const cannot = `Cannot tell whether OVMF has the layout ${spec.layout}`;
  const log = evidence.personality;
  const heard = kernelWasHeard(evidence);
  if (log.value === null) return heard ? `${cannot}: ${log.why}` : null;
  if (spec.layoutBestEffort) return null;
  const faults = findFaults(log.value, evidence.efiMap.value?.efiMap ?? null);
  if (faults.length > 0) {
    const more = faults.length - FAULTS_SHOWN;
    const shown = [...faults.slice(0, FAULTS_SHOWN), ...(more > 0 ? [`${more} more`] : [])];
    return `OVMF did not get the layout ${spec.layout} in full: ${shown.join('; ')}; --layout-best-effort judges such a cell`;
  }
  const isCut = heard && !log.value.done;
  return isCut ? `${cannot}: personality.log has no last line, "done"` : null;
}

/** Before that, a report that is cut or missing says no more than the end of the cell does. */
function kernelWasHeard(evidence: Evidence): boolean {
  return phaseEnded(evidence.cell, 'firmware') || findKernelFailure(evidence) !== null;
}

/**
 * What OVMF was asked for and did not get, and where the kernel was given something other than OVMF
 * reported, in words.
 */
function findFaults(log: PersonalityLog, kernelsMap: readonly EfiDescriptor[] | null): string[] {
  const islands = log.islands.filter(({ got, wanted }) => got < wanted);
  const faults = [
    ...log.errors.map((error) => `its driver said: ${printableText(error)}`),
    ...islands.map(({ got, wanted }) => `${got} of ${wanted} islands were to be had`),
  ];
  if (!log.done) return faults;
  const asked = log.asked.map(({ range }) => range);
  if (!covers(asked, RAM)) faults.push('personality.log does not say what was asked for');
  else faults.push(...differences(log.asked, log.exit));
  if (!kernelsMap) return faults;
  const told = differences(log.exit.filter(isLow), kernelsMap);
  return [...faults, ...told.map((fault) => `unlike what the kernel was given: ${fault}`)];
}

/** Compares below 1 MiB, range by range: each must be one entry of the map, a hole none. */
function differences(wanted: readonly Wanted[], map: readonly EfiDescriptor[]): string[] {
  const low = map.filter(isLow);
  const most = Math.max(wanted.length, low.length);
  if (most > ENTRIES_LIMIT) return [`${most} entries below 1 MiB, more than any firmware has`];
  const surplus = without(
    low.map(({ range }) => range),
    [...wanted.map(({ range }) => range), physRange(SZ_1M, PHYS_ADDR_LIMIT)],
  );
  return [
    ...wanted.flatMap((want) => difference(want, low)),
    ...surplus.map((range) => {
      const type = low.find((entry) => intersects(entry.range, range))?.type ?? null;
      return `${renderRange(range)} a hole: it is ${typeName(type)}`;
    }),
  ];
}

/** Whether an entry covers memory below 1 MiB. */
function isLow({ range }: EfiDescriptor): boolean {
  return range.start < SZ_1M && range.start < range.end;
}

function difference({ range, type }: Wanted, map: readonly EfiDescriptor[]): string[] {
  const found = map.filter((entry) => intersects(entry.range, range));
  const holes = without(
    [range],
    found.map((entry) => entry.range),
  );
  const wrong = [...found, ...holes.map((hole) => ({ range: hole, type: null }))]
    .filter((entry) => entry.type !== type)
    .toSorted((a, b) => a.range.start - b.range.start)
    .map((entry) => `${renderRange(common(entry.range, range))} is ${typeName(entry.type)}`);
  const what = `${renderRange(range)} ${typeName(type)}`;
  if (wrong.length > 0) return [`${what}: ${wrong.join(', ')}`];
  const entries = found.map((entry) => renderRange(entry.range)).join(', ');
  const isOneEntry = type === null || entries === renderRange(range);
  return isOneEntry ? [] : [`${what}: the map has it as ${entries}`];
}

function common(a: PhysRange, b: PhysRange): PhysRange {
  return physRange(Math.max(a.start, b.start), Math.min(a.end, b.end));
}

function typeName(type: number | null): string {
  return type === null ? 'a hole' : (EFI_MEMORY_TYPES[type]?.name ?? `of type ${type}`);
}
