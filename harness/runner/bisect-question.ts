// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Reason, factOf } from '../bisect/fact.ts';
import type { CellSpec } from '../bundle/cell-record.ts';
import { INVARIANTS, type InvariantId } from '../check/invariants/invariants.ts';
import { UsageError } from '../errors.ts';
import { type Axes, expandSpecs } from '../matrix/expand.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { overAxes } from '../cli/cell-options.ts';
import { judgeFolder } from './judge-folder.ts';
import { nearestName } from '../nearest-name.ts';

/** What is asked of every kernel: whether it keeps an invariant in such a cell. */
export interface Question {
  readonly invariant: InvariantId;
  /** Its kernel is not one of those asked. */
  readonly spec: CellSpec;
  /** Why a kernel must break it to count; null to take the bad end's. */
  readonly reason: Reason | null;
}

/** The options that say what is asked. */
export interface QuestionOptions {
  readonly invariant?: string;
  readonly from?: string;
}

type Shown = Partial<Omit<CellSpec, 'kernel'>>;

/** What needs no crash to be seen: the cell is over in half the time. */
const LOOK = { trigger: 'none' } as const;
const LOCKED = { ...LOOK, crashkernel: '256M' } as const;
const DUMP = { crashkernel: '256M' } as const;

/** The cheapest cell that shows each invariant; options have the last word. */
const SHOWN_BY: Readonly<Record<InvariantId, Shown>> = {
  'boot.userspace': LOOK,
  'boot.all-cpus': { ...LOOK, cpus: 2 },
  'lowmem.matches-model': LOOK,
  'lowmem.single-owner': LOOK,
  'lowmem.firmware-kept': {},
  'lowmem.page0-kept': LOOK,
  'lowmem.trampoline': LOOK,
  'lowmem.locked': LOCKED,
  // No other policy promises it: whatever a kernel's own is, it is asked whether it keeps to this one.
  'lowmem.released': { ...LOOK, policy: 'two-phase' },
  'lowmem.untouched': DUMP,
  'lowmem.at-crash': {},
  'kdump.reserved': LOCKED,
  'kdump.undisturbed': DUMP,
  'kdump.captured': DUMP,
  'kdump.vmcore-ranges': DUMP,
  'kdump.vmcore-bytes': DUMP,
  'kdump.confined': DUMP,
  'kdump.dmesg': DUMP,
  'panic.reboots': {},
};

/** Reads the question from the options, or from a cell that failed. Throws `UsageError` if it is none. */
export async function readQuestion(
  options: QuestionOptions,
  signal: AbortSignal,
): Promise<Question> {
  const named = options.invariant === undefined ? null : requireInvariant(options.invariant);
  if (options.from !== undefined) return questionOfCell(options.from, named, { options, signal });
  if (named !== null)
    return { invariant: named, spec: oneCell(SHOWN_BY[named], options), reason: null };
  throw new UsageError(
    `Cannot bisect without a question: --invariant <id> or --from <cell's folder> wanted; invariants are ${all()}`,
  );
}

async function questionOfCell(
  folder: string,
  named: InvariantId | null,
  { options, signal }: { readonly options: QuestionOptions; readonly signal: AbortSignal },
): Promise<Question> {
  if (!existsSync(join(folder, 'cell.json'))) {
    throw new UsageError(
      `Cannot take the question from ${folder}: the folder of a cell wanted, results/<run>/<cell>`,
    );
  }
  const judged = await judgeFolder(folder, signal);
  const broken = brokenIn(judged);
  // That pages are not as predicted says the least of what is wrong with them.
  const invariant = named ?? broken.find((id) => id !== 'lowmem.matches-model') ?? broken[0];
  const fact = invariant && factOf(judged.judgement, invariant);
  if (invariant === undefined || fact?.kind !== 'broken') {
    throw new UsageError(
      `Cannot take the question from ${folder}: ${named ?? 'an invariant'} wanted broken there, ` +
        `broken is ${broken.join(', ') || 'none'}`,
    );
  }
  return { invariant, spec: oneCell(judged.record.spec, options), reason: fact.reason };
}

function brokenIn({ judgement }: JudgedCell): InvariantId[] {
  return judgement.invariants
    .filter(({ outcome }) => outcome === 'broken' || outcome === 'known')
    .map(({ id }) => id);
}

/** The cell that is asked about, with the options over it. */
function oneCell(shown: Shown, options: QuestionOptions): CellSpec {
  const axes = Object.fromEntries(Object.entries(shown).map(([field, value]) => [field, [value]]));
  const [spec, other] = expandSpecs(
    overAxes({ ...(axes as Partial<Axes>), kernel: [''] }, { ...options }),
  );
  if (spec && !other && spec.layout !== 'corpus') return spec;
  throw new UsageError('Cannot bisect in several cells: one value of each option wanted');
}

function requireInvariant(id: string): InvariantId {
  if (Object.hasOwn(INVARIANTS, id)) return id as InvariantId;
  const nearest = nearestName(id, Object.keys(INVARIANTS));
  throw new UsageError(
    `Cannot bisect for "${id}": no such invariant, the nearest is ${nearest}; they are ${all()}`,
  );
}

function all(): string {
  return Object.keys(INVARIANTS).join(', ');
}
