// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { type Reason, factOf } from '../../bisect/fact.ts';
import type { CellSpec } from '../../bundle/cell-record.ts';
import {
  INVARIANT_IDS,
  type InvariantId,
  invariantOf,
  isInvariantId,
} from '../../check/invariants/invariants.ts';
import { UsageError } from '../../errors.ts';
import { type Axes, expandSpecs } from '../../matrix/expand.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { judgeFolder } from '../judge-folder.ts';
import { nearestName } from '../../nearest-name.ts';
import { evidencePath } from '../../bundle/evidence.ts';

/** What is asked of every kernel: whether it keeps an invariant in such a cell. */
export interface Question {
  readonly invariant: InvariantId;
  /** Each kernel that is asked takes the place of its kernel. */
  readonly spec: CellSpec;
  /** The reason for which a kernel that breaks it counts; null for the bad end's. */
  readonly reason: Reason | null;
}

/** Where the question is taken from: an invariant, or a cell that failed. */
export interface QuestionOptions {
  readonly invariant?: string;
  /** The folder of a cell that failed. */
  readonly from?: string;
  /** Axes of the cell that the user named. */
  readonly axes?: Partial<Axes>;
}

/** The question of an invariant, or of a cell that failed. Throws `UsageError` if there is none. */
export async function readQuestion(
  options: QuestionOptions,
  signal: AbortSignal,
): Promise<Question> {
  const named = options.invariant === undefined ? null : requireInvariant(options.invariant);
  if (options.from !== undefined) return questionOfCell(options.from, named, { options, signal });
  if (named !== null)
    return {
      invariant: named,
      spec: oneCell(invariantOf(named).cheapestCell, options),
      reason: null,
    };
  throw new UsageError(
    `Cannot bisect without a question: pass --invariant <id> or --from <cell's folder>; invariants are ${all()}`,
  );
}

async function questionOfCell(
  folder: string,
  named: InvariantId | null,
  { options, signal }: { readonly options: QuestionOptions; readonly signal: AbortSignal },
): Promise<Question> {
  if (!existsSync(evidencePath(folder, 'cell.json'))) {
    throw new UsageError(
      `Cannot take the question from ${folder}: expected the folder of a cell, results/<run>/<cell>`,
    );
  }
  const judged = await judgeFolder(folder, signal);
  requireNames(folder, judged.record.spec, options);
  const broken = brokenIn(judged);
  // That pages are not as predicted tells least about what is wrong with them.
  const invariant = named ?? broken.find((id) => id !== 'lowmem.matches-model') ?? broken[0];
  const fact = invariant && factOf(judged.judgement, invariant);
  if (invariant === undefined || fact?.kind !== 'broken') {
    throw new UsageError(
      `Cannot take the question from ${folder}: expected ${named ?? 'an invariant'} broken there, ` +
        `found broken: ${broken.join(', ') || 'none'}`,
    );
  }
  return { invariant, spec: oneCell(judged.record.spec, options), reason: fact.reason };
}

/** What a cell's record may name: what sub1m or its host has. */
const NAMES = { layout: /^[a-z0-9-]+$/, ovmf: /^(?:host$|debian:)/ } as const;

/** The record may be a stranger's: a path in it says what to read only once the user says so. */
function requireNames(folder: string, spec: CellSpec, { axes = {} }: QuestionOptions): void {
  for (const [axis, pattern] of Object.entries(NAMES)) {
    const field = axis as keyof typeof NAMES;
    if (axes[field] !== undefined || pattern.test(spec[field])) continue;
    throw new UsageError(
      `Cannot take the question from ${folder}: expected a ${axis} that has a name, found the path ${spec[field]}; ` +
        `if it is yours, give it with --${axis}`,
    );
  }
}

function brokenIn({ judgement }: JudgedCell): InvariantId[] {
  return judgement.invariants
    .filter(({ outcome }) => outcome === 'broken' || outcome === 'known')
    .map(({ id }) => id);
}

/** The cell that is asked about: `shown` with the axes that the user named. */
function oneCell(shown: Partial<CellSpec>, options: QuestionOptions): CellSpec {
  const axes = Object.fromEntries(Object.entries(shown).map(([field, value]) => [field, [value]]));
  const [spec, other] = expandSpecs({ ...(axes as Partial<Axes>), ...options.axes, kernel: [''] });
  if (spec && !other && spec.layout !== 'corpus') return spec;
  throw new UsageError('Cannot bisect in several cells: give each option one value');
}

function requireInvariant(id: string): InvariantId {
  if (isInvariantId(id)) return id;
  const nearest = nearestName(id, INVARIANT_IDS);
  throw new UsageError(
    `Cannot bisect for "${id}": there is no such invariant, the nearest is ${nearest}; invariants are ${all()}`,
  );
}

function all(): string {
  return INVARIANT_IDS.join(', ');
}
