// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Boot, Change } from '../../bisect/answers.ts';
import { factOf } from '../../bisect/fact.ts';
import { BuildError, PackageError } from '../../errors.ts';
import { requireKernel } from '../../kernel/require-kernel.ts';
import { nameCells } from '../../matrix/expand.ts';
import type { Question } from './bisect-question.ts';
import { packageContext } from '../package-context.ts';
import { type RunSettings, runPlan } from '../run-plan.ts';
import type { RunnerContext } from '../runner-context.ts';

interface BootOptions {
  readonly question: Question;
  /** Holds a folder for each boot. */
  readonly results: string;
  /** How many boots there were before. */
  readonly done: number;
  readonly budget: number;
  readonly mirror?: string | undefined;
  readonly scheduler?: RunSettings['scheduler'] | undefined;
}

/**
 * Boots the kernel of a change in the cell of the question. A kernel that does not build, or whose package is gone, tells
 * nothing; any other error is thrown: a mistyped reference must not read as a commit to skip.
 */
export async function bootChange(
  change: Change,
  options: BootOptions,
  context: RunnerContext,
): Promise<Boot> {
  const { question, results, done, budget, mirror, scheduler } = options;
  const untold = await whyNotBuilt(change, options, context);
  if (untold !== undefined) return untold;
  const { invariant, spec } = question;
  const cells = nameCells([{ spec: { ...spec, kernel: change.kernel } }]);
  const folder = freeFolder(join(results, `boot-${String(done + 1).padStart(3, '0')}`));
  const settings = { budget, mirror, results: folder, ...(scheduler && { scheduler }) };
  const [cell] = (await runPlan({ cells, known: [] }, settings, context)).cells;
  if (!cell) throw new Error(`No cell of ${change.id} was run`);
  return { change, fact: factOf(cell.judgement, invariant), bundle: cell.folder };
}

async function whyNotBuilt(
  change: Change,
  options: BootOptions,
  context: RunnerContext,
): Promise<Boot | undefined> {
  try {
    await requireKernel(change.kernel, packageContext(options, context));
    return undefined;
  } catch (error) {
    // A package that the lists name may be gone, or the network may be.
    const again = error instanceof PackageError;
    if (!again && !(error instanceof BuildError)) throw error;
    return { change, fact: { kind: 'untold', why: error.message, again }, bundle: null };
  }
}

/** A name that is free: a boot that was killed keeps what it left. */
function freeFolder(wanted: string): string {
  let folder = wanted;
  for (let number = 2; existsSync(folder); number++) folder = `${wanted}.${number}`;
  return folder;
}
