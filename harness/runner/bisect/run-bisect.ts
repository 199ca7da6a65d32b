// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Boot, type Change, nameChange } from '../../bisect/answers.ts';
import { type BisectEnd, aroundChange, bisect } from '../../bisect/bisect.ts';
import { StateFile } from '../../bisect/state-file.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { CleanupStack } from '../../process/cleanup-stack.ts';
import { sha256 } from '../../process/file-hash.ts';
import { FileLock } from '../../process/file-lock.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { bootChange } from './bisect-boots.ts';
import { type Question, type QuestionOptions, readQuestion } from './bisect-question.ts';
import type { BisectReport } from '../../report/bisect-report.ts';
import type { NamedRange, RangeOptions } from './bisect-range-options.ts';
import { requireRange } from './bisect-range.ts';
import { judgeFolder } from '../judge-folder.ts';
import { requireLayouts } from '../layouts.ts';
import { RESULTS } from '../results-folder.ts';
import type { RunSettings } from '../run-plan.ts';
import type { RunnerContext } from '../runner-context.ts';

/** What is searched and asked, and how. */
export interface BisectSettings extends RangeOptions, QuestionOptions {
  /** How sure each answer must be, from 0.5 up to 1. */
  readonly confidence: number;
  /** The folder that keeps the answers; in the cache unless given. */
  readonly state?: string;
  /** Forgets the answers of earlier runs. */
  readonly fresh?: true;
  /** The folder of the bundles; one under `results/` unless given. */
  readonly results?: string;
  /** A factor on the time limit of every phase. */
  readonly budget: number;
  /** Where kernels are booted; in this process unless given. */
  readonly scheduler?: RunSettings['scheduler'];
}

/** Digits of the hash that stands for a question. */
const KEY_DIGITS = 16;

/** Searches. If killed, the same call resumes it. */
export async function runBisect(
  settings: BisectSettings,
  context: RunnerContext,
): Promise<BisectReport> {
  const { environment, signal } = context;
  const question = await readQuestion(settings, signal);
  await using temp = await makeTempDir();
  const folder = resolve(settings.state ?? join(environment.cacheDir, 'bisect'));
  const folders = { state: folder, temp: join(temp.path, 'git') };
  const named = await requireRange(settings, folders, context);
  const key = await keyOf(question, named);
  const path = join(folder, `${key}.json`);
  await using held = new CleanupStack();
  held.use(await lockState(path, context));
  if (settings.fresh) await rm(path, { force: true });
  const results = resolve(settings.results ?? join(RESULTS, `bisect-${key}`));
  return await search({ settings, question, named, path, results }, context);
}

/** A bisection whose question and range are known. */
interface Search {
  readonly settings: BisectSettings;
  readonly question: Question;
  readonly named: NamedRange;
  /** The path of the file that keeps the answers. */
  readonly path: string;
  readonly results: string;
}

async function search(
  { settings, question, named, path, results }: Search,
  context: RunnerContext,
): Promise<BisectReport> {
  const { range, find } = named;
  const { invariant, reason } = question;
  const state = await StateFile.open(path, `${invariant}, ${range.old.id} to ${range.new.id}`);
  const earlier = state.boots.length;
  const onStep = (text: string): void => {
    context.log.info(`bisect: ${text}`);
  };
  if (earlier > 0) onStep(`going on; answers so far: ${earlier} (${path})`);
  const boot = async (change: Change): Promise<void> => {
    const options = { ...settings, question, results, done: state.boots.length };
    const booted = await bootChange(change, options, context);
    await state.add(booted);
    // After it is saved: a user who reads this and ends the program loses nothing.
    onStep(`${nameChange(change)}: ${booted.fact.kind}: ${booted.fact.why}`);
  };
  const { confidence } = settings;
  const boots = (): readonly Boot[] => state.boots;
  const end = await bisect({ range, find, reason, confidence, boots, boot, onStep });
  const around = aroundChange(end, range);
  const booted = { end, boots: state.boots, signal: context.signal };
  return {
    ...end,
    ...question,
    range,
    boots: state.boots,
    earlier,
    before: await judgedBoot(around.before, booted),
    after: await judgedBoot(around.after, booted),
    log: range.log(),
    folder: results,
  };
}

/** What stands for the question: the same for the same kernels, cell and layout, whatever they are called. */
async function keyOf(
  { invariant, spec, reason }: Question,
  { content, find }: NamedRange,
): Promise<string> {
  const layouts = await requireLayouts([{ id: '', spec }]);
  const asked = [invariant, spec, reason, layouts.get(spec.layout), find, content];
  const text = JSON.stringify(asked, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return sha256(text).slice(0, KEY_DIGITS);
}

function lockState(path: string, { signal, log }: RunnerContext): Promise<FileLock> {
  const onWait = (): void => {
    log.info('waiting for another sub1m that bisects the same');
  };
  return FileLock.acquire(`${path}.lock`, { signal, onWait });
}

interface Booted {
  readonly end: BisectEnd;
  readonly boots: readonly Boot[];
  readonly signal: AbortSignal;
}

/** The last boot of a change that showed what its answer says, judged again; null if there is none on disk. */
async function judgedBoot(
  { id }: Change,
  { end, boots, signal }: Booted,
): Promise<JudgedCell | null> {
  const answer = end.answers.byChange.get(id)?.kind;
  const shown = boots.findLast(
    ({ change, fact, bundle }) =>
      change.id === id && bundle !== null && (answer === 'skip' || fact.kind === answer),
  );
  const bundle = shown?.bundle ?? null;
  return bundle !== null && existsSync(bundle) ? judgeFolder(bundle, signal) : null;
}
