// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Boot, Change } from '../bisect/answers.ts';
import { factOf } from '../bisect/fact.ts';
import { PackageError, ProcessError, UsageError } from '../errors.ts';
import { requireKernel } from '../kernel/require-kernel.ts';
import { nameCells } from '../matrix/expand.ts';
import type { Question } from './bisect-question.ts';
import type { CommandContext } from '../cli/command-context.ts';
import { packageContext } from './package-context.ts';
import { runPlan } from './run-cells.ts';

interface BootOptions {
  readonly question: Question;
  /** Holds a folder for each boot. */
  readonly results: string;
  /** How many boots there were. */
  readonly done: number;
  readonly budget: number;
  readonly mirror?: string;
}

/**
 * Boots the kernel of a change in the cell of the question. A kernel that cannot be had or built tells
 * nothing; what the host lacks is thrown.
 */
export async function bootChange(
  change: Change,
  options: BootOptions,
  context: CommandContext,
): Promise<Boot> {
  return (await whyNotBuilt(change, options, context)) ?? run(change, options, context);
}

async function whyNotBuilt(
  change: Change,
  options: BootOptions,
  context: CommandContext,
): Promise<Boot | undefined> {
  try {
    await requireKernel(change.kernel, packageContext(options, context));
    return undefined;
  } catch (error) {
    // A package that the lists name may be gone; the network may be, too.
    const again = error instanceof PackageError;
    if (!(again || error instanceof ProcessError || error instanceof UsageError)) throw error;
    return { change, fact: { kind: 'untold', why: error.message, again }, bundle: null };
  }
}

async function run(
  change: Change,
  { question, results, done, budget, mirror }: BootOptions,
  context: CommandContext,
): Promise<Boot> {
  const { invariant, spec } = question;
  const cells = nameCells([{ spec: { ...spec, kernel: change.kernel } }]);
  const plan = { cells, known: [] };
  const folder = freeFolder(join(results, `boot-${String(done + 1).padStart(3, '0')}`));
  const options = { jobs: 1, repeat: 1, reporter: [], budget, results: folder };
  const named = mirror === undefined ? options : { ...options, mirror };
  const { cells: judged } = await runPlan(plan, named, context);
  const [cell] = judged;
  if (!cell) throw new Error(`No cell of ${change.id} was run`);
  return { change, fact: factOf(cell.judgement, invariant), bundle: cell.folder };
}

/** What a boot left that was killed is kept. */
function freeFolder(wanted: string): string {
  let folder = wanted;
  for (let number = 2; existsSync(folder); number++) folder = `${wanted}.${number}`;
  return folder;
}
