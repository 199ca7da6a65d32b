// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Boot, type Change, nameChange } from '../bisect/answers.ts';
import { type BisectEnd, aroundChange, bisect } from '../bisect/bisect.ts';
import { StateFile } from '../bisect/state-file.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { sha256 } from '../process/file-hash.ts';
import { FileLock } from '../process/file-lock.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { renderBisectDocument, renderBisectReport } from '../report/bisect-report.ts';
import { bootChange } from './bisect-boots.ts';
import { type Question, type QuestionOptions, readQuestion } from './bisect-question.ts';
import { type NamedRange, type RangeOptions, requireRange } from './bisect-range.ts';
import type { CommandContext } from '../cli/command-context.ts';
import { judgeFolder } from './judge-folder.ts';
import { requireLayouts } from './layouts.ts';
import { RESULTS } from './results-folder.ts';

/** The options of `sub1m bisect`. */
export interface BisectOptions extends RangeOptions, QuestionOptions {
  readonly confidence: number;
  readonly state?: string;
  readonly fresh?: true;
  readonly results?: string;
  readonly budget: number;
  readonly json?: true;
}

/** Digits of the hash that stands for a question. */
const KEY_DIGITS = 16;

/** Lines of the report are no longer than this, in columns. */
const WIDTH_LIMIT = 100;

/** Searches, prints the report, and sets the command's exit status: 0 if the change was found, else 69. */
export async function runBisect(options: BisectOptions, context: CommandContext): Promise<void> {
  const { environment, signal } = context;
  const question = await readQuestion(options, signal);
  await using temp = await makeTempDir();
  const folder = resolve(options.state ?? join(environment.cacheDir, 'bisect'));
  const folders = { state: folder, temp: join(temp.path, 'git') };
  const named = await requireRange(options, folders, context);
  const key = await keyOf(question, named);
  const path = join(folder, `${key}.json`);
  await using held = new CleanupStack();
  held.use(await lockState(path, context));
  if (options.fresh) await rm(path, { force: true });
  const { range, find } = named;
  const { invariant, reason } = question;
  const state = await StateFile.open(path, `${invariant}, ${range.old.id} to ${range.new.id}`);
  const earlier = state.boots.length;
  const results = resolve(options.results ?? join(RESULTS, `bisect-${key}`));
  const onStep = (text: string): void => {
    context.log.info(`bisect: ${text}`);
  };
  if (earlier > 0) onStep(`going on; answers so far: ${earlier} (${path})`);
  const boot = async (change: Change): Promise<void> => {
    const boots = { ...options, question, results, done: state.boots.length };
    const booted = await bootChange(change, boots, context);
    await state.add(booted);
    // Who reads it and ends the program loses nothing.
    onStep(`${nameChange(change)}: ${booted.fact.kind}: ${booted.fact.why}`);
  };
  const { confidence } = options;
  const boots = (): readonly Boot[] => state.boots;
  const end = await bisect({ range, find, reason, confidence, boots, boot, onStep });
  const around = aroundChange(end, range);
  const report = {
    ...end,
    ...question,
    range,
    boots: state.boots,
    earlier,
    before: await judgedBoot(around.before, { end, boots: state.boots, signal }),
    after: await judgedBoot(around.after, { end, boots: state.boots, signal }),
    log: range.log(),
    folder: results,
  };
  const { colour, columns } = environment;
  const style = { colour, width: Math.min(columns, WIDTH_LIMIT) };
  const text = options.json ? renderBisectDocument(report) : renderBisectReport(report, style);
  process.stdout.write(text);
  context.exit(end.outcome.kind === 'found' ? 0 : 69);
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

function lockState(path: string, { signal, log }: CommandContext): Promise<FileLock> {
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
