// SPDX-License-Identifier: MIT
import { type JudgedCell, countedAs } from './judged-cell.ts';
import type { RepeatedSample, SourceRun } from './merged-run.ts';
import { repeatId } from './planned-run.ts';

/** All that runs have of one cell. */
export interface CellSamples {
  /** Its name in the matrix. */
  readonly name: string;
  readonly samples: readonly JudgedCell[];
}

/**
 * The cells of runs, each with its samples, in the order in which they come; and how many bundles were there twice. Cells
 * of one name that were asked for something else are no samples of one.
 */
export function samplesOf(runs: readonly SourceRun[]): {
  readonly cells: CellSamples[];
  readonly copies: number;
} {
  const cells = new Map<string, { name: string; samples: JudgedCell[] }>();
  let copies = 0;
  for (const run of runs) {
    const planned = new Set(run.plan?.matrix.cells);
    for (const cell of run.cells) {
      const { id, spec, fault } = cell.record;
      const name = planned.has(id) ? id : id.replace(/\.repeat-\d+$/, '');
      const key = JSON.stringify([name, spec, fault]);
      const { samples } = cells.get(key) ?? { samples: [] };
      const isCopy = samples.some((one) => isSameBundle(one, cell));
      if (isCopy) copies++;
      else cells.set(key, { name, samples: [...samples, cell] });
    }
  }
  return { cells: [...cells.values()], copies };
}

/** A copy that was cut or changed is judged otherwise: it is shown. */
function isSameBundle(one: JudgedCell, other: JudgedCell): boolean {
  return (
    JSON.stringify(one.record) === JSON.stringify(other.record) && saying(one) === saying(other)
  );
}

/** The samples with names of their own. */
export function nameSamples(
  { name, samples }: CellSamples,
  claimId: (nameOf: (nr: number) => string) => string,
): JudgedCell[] {
  // Another cell may have the name already.
  const own = claimId((nr) => (nr === 1 ? name : `${name}.${nr}`));
  return samples.map((sample, nr) => {
    const id = nr === 0 ? own : claimId((repeat) => repeatId(own, repeat));
    return { ...sample, record: { ...sample.record, id } };
  });
}

/** How the samples of a cell agree. */
export function agreementOf(samples: readonly JudgedCell[]): RepeatedSample['agreement'] {
  if (isOne(samples.map(saying))) return 'same';
  const judged = samples.filter(({ judgement }) => countedAs(judgement) !== 'unjudged');
  const images = new Set(judged.map(imageOf).filter((image) => image !== null));
  const isFlaky = [...images].some(
    (image) => !isOne(judged.filter((one) => imageOf(one) === image).map(saying)),
  );
  return isFlaky ? 'flaky' : 'differs';
}

function isOne(words: readonly string[]): boolean {
  return new Set(words).size === 1;
}

/** What a cell says of its kernel: what it counts as, and what is broken. */
function saying({ judgement }: JudgedCell): string {
  const bad = judgement.invariants.filter(({ outcome }) => ['broken', 'known'].includes(outcome));
  const { verdict } = judgement;
  return [countedAs(judgement), verdict.kind, ...bad.map(({ id }) => id)].join(' ');
}

/** What it ran on: only there are two outcomes a flake. */
function imageOf({ record: { kernel, machine } }: JudgedCell): string | null {
  if (kernel === null || machine === null) return null;
  return [kernel.imageSha256, machine.ovmf.sha256, machine.accel.kind].join(' ');
}
