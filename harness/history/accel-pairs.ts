// SPDX-License-Identifier: MIT
import type { Counted, HistoryLine, JudgedOutcome } from './history-line.ts';
import { JUDGED_OUTCOMES } from './history-line.ts';
import { badOf, isJudged } from './nights.ts';
import { type Share, wilson95 } from './wilson.ts';

/** How far it was seen that a verdict does not depend on the accelerator. */
export interface AccelPairs {
  /** Cells that were judged under both, each kernel image and firmware by itself. */
  readonly pairs: number;
  /** Those that were judged under one alone. */
  readonly alone: number;
  /** The pairs whose verdicts differ, by name of the cell. */
  readonly differ: readonly AccelPair[];
}

/** A cell that showed one thing under KVM and another under TCG, with the same image and the same firmware. */
interface AccelPair {
  readonly key: string;
  readonly cell: string;
  readonly kernel: HistoryLine['kernel'];
  readonly ovmf: string;
  /** What an invariant was under each, at worst; by `null` what the cells counted as, if no invariant tells them apart. */
  readonly differences: readonly AccelDifference[];
}

/** An invariant that is broken, kept or a known defect under one accelerator and not under the other. */
export interface AccelDifference {
  readonly invariant: string | null;
  readonly kvm: AccelSide;
  readonly tcg: AccelSide;
}

/** What one accelerator showed. */
interface AccelSide {
  readonly outcome: JudgedOutcome | Exclude<Counted, 'unjudged'>;
  /** Of its runs those that saw the invariant broken, known defects among them; or that counted as a mismatch. */
  readonly broken: Share;
}

type Lines = readonly HistoryLine[];

/** Sets cells of the same image side by side that were judged under KVM and under TCG. */
export function accelPairs(lines: Lines): AccelPairs {
  const groups = sameImages(lines);
  const differ: AccelPair[] = [];
  let pairs = 0;
  for (const group of groups.values()) {
    const [kvm, tcg] = [under('kvm', group), under('tcg', group)];
    if (kvm.length === 0 || tcg.length === 0) continue;
    pairs += 1;
    const differences = differencesOf(kvm, tcg);
    const newest = group.at(-1);
    if (differences.length === 0 || !newest || newest.ovmf === null) continue;
    const { key, cell, kernel, ovmf } = newest;
    differ.push({ key, cell, kernel, ovmf, differences });
  }
  const byName = ({ cell: one }: AccelPair, { cell: other }: AccelPair): number =>
    one < other ? -1 : 1;
  return { pairs, alone: groups.size - pairs, differ: differ.toSorted(byName) };
}

/** The runs that were judged of each cell, image and firmware; those of which one is unknown are left out. */
function sameImages(lines: Lines): Map<string, HistoryLine[]> {
  const groups = new Map<string, HistoryLine[]>();
  for (const line of lines) {
    const { key, anyAccel = key, kernel, ovmf } = line;
    if (!isJudged(line) || kernel.image === null || ovmf === null) continue;
    const place = `${anyAccel} ${kernel.image} ${ovmf}`;
    const group = groups.get(place) ?? [];
    if (group.length === 0) groups.set(place, group);
    group.push(line);
  }
  return groups;
}

function under(accel: 'kvm' | 'tcg', lines: Lines): Lines {
  return lines.filter((line) => line.accel === accel);
}

/** What both judged, and not alike. */
function differencesOf(kvm: Lines, tcg: Lines): AccelDifference[] {
  const judged = (lines: Lines): Set<string> =>
    new Set(lines.flatMap((line) => [...badOf(line), ...(line.invariants.kept ?? [])]));
  const others = judged(tcg);
  const both = [...judged(kvm)].filter((invariant) => others.has(invariant));
  const found = both.map((invariant) => ({
    invariant,
    kvm: sideOf(invariant, kvm),
    tcg: sideOf(invariant, tcg),
  }));
  const differences = found.filter((one) => one.kvm.outcome !== one.tcg.outcome);
  if (differences.length > 0) return differences;
  const whole = { invariant: null, kvm: verdictOf(kvm), tcg: verdictOf(tcg) };
  return whole.kvm.outcome === whole.tcg.outcome ? [] : [whole];
}

function sideOf(invariant: string, lines: Lines): AccelSide {
  const judged = lines.filter(({ invariants }) =>
    JUDGED_OUTCOMES.some((outcome) => invariants[outcome]?.includes(invariant)),
  );
  const worst = JUDGED_OUTCOMES.findLast((outcome) =>
    judged.some(({ invariants }) => invariants[outcome]?.includes(invariant)),
  );
  const bad = judged.filter((line) => badOf(line).includes(invariant));
  return { outcome: worst ?? 'kept', broken: wilson95(bad.length, judged.length) };
}

function verdictOf(lines: Lines): AccelSide {
  const bad = lines.filter(({ verdict }) => verdict.counted === 'mismatch');
  return {
    outcome: bad.length > 0 ? 'mismatch' : 'match',
    broken: wilson95(bad.length, lines.length),
  };
}
