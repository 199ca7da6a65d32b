// SPDX-License-Identifier: MIT
/** Lines of history, for tests. */
import type { Counted, HistoryLine } from '../history-line.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const FIRST_NIGHT = Date.parse('2026-09-01T22:00:00.000Z');

/** When a night of these tests begins; the first is 0. */
export function nightStart(night: number): string {
  return new Date(FIRST_NIGHT + night * DAY_MS).toISOString();
}

/** What a test says of a line: the night, the invariants by outcome, and any field. */
interface LineWords extends Partial<Omit<HistoryLine, 'verdict' | 'fault'>> {
  readonly night?: number;
  /** Its image, by default the same every night. */
  readonly image?: string | null;
  readonly counted?: Counted;
  readonly code?: string;
  readonly fault?: string;
}

/** A line; by default a match under TCG in the first night. What breaks an invariant is a mismatch. */
export function historyLine(words: LineWords = {}): HistoryLine {
  const { night = 0, image = 'a'.repeat(64), code = null, fault, counted, ...fields } = words;
  const { cell = 'debian-6.12.no-crashkernel', invariants = { kept: ['boot.userspace'] } } = fields;
  const says = counted ?? (invariants.broken ? 'mismatch' : 'match');
  return {
    schema: 1,
    run: `run-${night}`,
    at: nightStart(night),
    cell,
    repeat: 1,
    key: keyOf(cell),
    kernel: { ref: 'debian:6.12', release: '6.12.43+deb12-cloud-amd64', image },
    ovmf: 'b'.repeat(64),
    accel: 'tcg',
    verdict: { counted: says, kind: says, code },
    fault: fault === undefined ? null : { name: fault, caught: says === 'match' },
    seconds: { firmware: 2.5, boot: 6.25, total: 12.345 },
    sub1m: '0.1.0',
    ...fields,
    invariants,
  };
}

/** A key for a test's cell: another for another name. */
export function keyOf(cell: string): string {
  let hash = 7n;
  for (const unit of cell) hash = (hash * 31n + BigInt(unit.codePointAt(0) ?? 0)) % 2n ** 64n;
  return hash.toString(16).padStart(16, '0');
}

const ALL_KEPT = [
  'boot.userspace',
  'boot.sound',
  'boot.all-cpus',
  'lowmem.matches-model',
  'lowmem.single-owner',
  'lowmem.firmware-kept',
  'lowmem.page0-kept',
  'lowmem.trampoline',
  'lowmem.untouched',
  'lowmem.at-crash',
  'kdump.reserved',
  'kdump.undisturbed',
  'kdump.captured',
  'kdump.capture-log',
  'kdump.vmcore-ranges',
  'kdump.vmcore-bytes',
  'kdump.vmcore-reads',
  'kdump.confined',
  'kdump.dmesg',
];

/** What befalls one cell of a made history, by night. */
export interface MadeCell {
  /** Nights in which `lowmem.locked` is broken. */
  readonly broken?: (night: number) => boolean;
  readonly unjudged?: (night: number) => boolean;
  readonly image?: (night: number) => string;
  readonly fault?: string;
  /** By default KVM in every second cell. */
  readonly accel?: (night: number) => 'kvm' | 'tcg';
}

/** What a night of a made history has: `special` by number of the cell, all others match. */
export function* madeHistory(size: {
  readonly nights: number;
  readonly cells: number;
  readonly special?: Readonly<Record<number, MadeCell>>;
}): Generator<HistoryLine> {
  for (let night = 0; night < size.nights; night++) {
    for (let nr = 0; nr < size.cells; nr++) yield madeLine(night, nr, size.special?.[nr] ?? {});
  }
}

/** The name of a cell of a made history, by its number. */
export function madeName(nr: number): string {
  return `debian-6.${nr % 40}.crashkernel-256m.layout-${nr}`;
}

const never = (): boolean => false;
const sameImage = (): string => 'c'.repeat(64);

const UNJUDGED = { invariants: {}, counted: 'unjudged', code: 'E_DEADLINE' } as const;

function judgedWords(
  isBroken: boolean,
  hasFault: boolean,
): Pick<LineWords, 'invariants' | 'counted'> {
  return {
    invariants: isBroken
      ? { kept: ALL_KEPT, broken: ['lowmem.locked'] }
      : { kept: [...ALL_KEPT, 'lowmem.locked'] },
    // A seeded fault is caught by what it breaks.
    counted: isBroken === hasFault ? 'match' : 'mismatch',
  };
}

const PHASE_SECONDS = { firmware: 2.5, boot: 6.1, observe: 1.2, load: 0.4, trigger: 1.1 };

function madeLine(night: number, nr: number, made: MadeCell): HistoryLine {
  const { broken = never, unjudged = never, image = sameImage } = made;
  return historyLine({
    night,
    cell: madeName(nr),
    ...(unjudged(night) ? UNJUDGED : judgedWords(broken(night), made.fault !== undefined)),
    ...(made.fault !== undefined && { fault: made.fault }),
    image: image(night),
    accel: made.accel?.(night) ?? (nr % 2 === 0 ? 'kvm' : 'tcg'),
    seconds: { ...PHASE_SECONDS, capture: 5 + (nr % 7), total: 17 + (nr % 7) + (night % 10) },
  });
}
