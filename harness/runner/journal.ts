// SPDX-License-Identifier: MIT
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cellRecordSchema, cellSpecSchema } from '../bundle/cell-record.ts';
import { VMCORES_KEPT } from '../bundle/removed-vmcore.ts';
import type { Judgement } from '../check/judgement.ts';
import { FormatError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import type { KnownDefect } from '../matrix/known-defects.ts';
import { readInput } from '../process/read-input.ts';
import { replaceFile } from '../process/replace-file.ts';

/** The file of a run from which it is gone on with after it was cut short: JSON lines. */
export const JOURNAL = 'journal.jsonl';

const VERSION = 1;

/** Bytes that it may have: one of 100,000 cells has a third. */
const BYTES_LIMIT = 256 * 1024 * 1024;

const versionsSchema = z.array(z.int().nonnegative()).max(64).nullable();

const settingsSchema = z.strictObject({
  jobs: z.union([z.int().positive(), z.literal('auto')]).exactOptional(),
  requireKvm: z.literal(true).exactOptional(),
  repeat: z.int().positive().exactOptional(),
  budget: z.number().positive(),
  keep: z.array(z.enum([...VMCORES_KEPT, 'memory'])).exactOptional(),
  shareVmcores: z.literal(true).exactOptional(),
  mirror: z.string().exactOptional(),
  history: z.string().exactOptional(),
});

/** How a run was started: `RunSettings`, without the folder, which may be elsewhere by now. */
export type JournalSettings = z.infer<typeof settingsSchema>;

const plannedCellSchema = z.strictObject({
  id: cellRecordSchema.shape.id,
  spec: cellSpecSchema,
  fault: cellRecordSchema.shape.fault.unwrap().unwrap().exactOptional(),
});

/** A line of the journal. The first two kinds are there before the first cell is run, whole or not at all. */
const lineSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('run'),
    schema: z.literal(VERSION),
    startedAt: cellRecordSchema.shape.startedAt,
    settings: settingsSchema,
    known: z.array(
      z.strictObject({
        kernel: z.strictObject({ from: versionsSchema, to: versionsSchema }),
        layout: z.string().exactOptional(),
        crashkernel: z.boolean().exactOptional(),
        append: z.string().exactOptional(),
        invariant: z.string(),
        reference: z.string(),
      }),
    ),
  }),
  z.strictObject({ kind: z.literal('cell'), cell: plannedCellSchema }),
  /** A program began to run cells, or went on with it. */
  z.strictObject({ kind: z.literal('begin'), at: z.number(), pid: z.int() }),
  z.strictObject({ kind: z.literal('start'), at: z.number(), cell: z.string() }),
  z.strictObject({
    kind: z.literal('end'),
    at: z.number(),
    cell: z.string(),
    verdict: z.string(),
    code: z.string().nullable(),
  }),
  /** All cells have their end. */
  z.strictObject({ kind: z.literal('done'), at: z.number() }),
]);

type Line = z.infer<typeof lineSchema>;

/** What a run is to do, as its journal has it. */
export interface JournalHead {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly settings: JournalSettings;
  readonly known: readonly KnownDefect[];
  readonly cells: readonly PlannedCell[];
}

/** A journal that was read. */
export interface ReadJournal extends JournalHead {
  /** How long programs have run its cells, seconds. */
  readonly seconds: number;
}

/**
 * The journal of a run: what is to be done, then a line for each cell that starts or ends. Which cells have ended is told
 * by their bundles alone; the lines are for people, and for the time that a run took.
 */
export class Journal implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #log: Log;
  #writing: Promise<void> = Promise.resolve();
  #isBroken = false;

  private constructor(file: FileHandle, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /** Writes the journal of a new run. */
  static async begin(folder: string, head: JournalHead, log: Log): Promise<Journal> {
    const { startedAt, settings, known, cells } = head;
    const first = { kind: 'run', schema: VERSION, startedAt, settings, known };
    const lines = [first, ...cells.map((cell) => ({ kind: 'cell', cell }))];
    await replaceFile(join(folder, JOURNAL), textOf(lines));
    return Journal.goOn(folder, log);
  }

  /** Goes on with one. */
  static async goOn(folder: string, log: Log): Promise<Journal> {
    const path = join(folder, JOURNAL);
    const isCut = !(await readFile(path)).subarray(-1).equals(Buffer.from('\n'));
    const journal = new Journal(await open(path, 'a'), log);
    if (isCut) journal.#append('\n');
    journal.#add({ kind: 'begin', at: Date.now(), pid: process.pid });
    return journal;
  }

  started(cell: string): void {
    this.#add({ kind: 'start', at: Date.now(), cell });
  }

  ended(cell: string, { verdict }: Judgement): void {
    const code = verdict.kind === 'unjudged' ? verdict.code : null;
    this.#add({ kind: 'end', at: Date.now(), cell, verdict: verdict.kind, code });
  }

  done(): void {
    this.#add({ kind: 'done', at: Date.now() });
  }

  #add(line: Line): void {
    this.#append(textOf([line]));
  }

  /** One line after the other; a full disk ends the journal, not the run. */
  #append(text: string): void {
    this.#writing = this.#writing
      .then(() => this.#file.appendFile(text))
      .catch((error: unknown) => {
        if (!this.#isBroken) this.#log.warn(`Cannot write ${JOURNAL}: ${messageOf(error)}`);
        this.#isBroken = true;
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }
}

function textOf(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Reads the journal of a run. Throws `UsageError` if the folder has none, `FormatError` naming the line at fault. */
export async function readJournal(folder: string): Promise<ReadJournal> {
  const path = join(folder, JOURNAL);
  const missing = (): string =>
    `Cannot go on with ${folder}: expected the folder of a run with a ${JOURNAL}, found none; ` +
    'runs of "sub1m run" have one';
  return parseJournal(await readInput(path, { missing, limit: BYTES_LIMIT }), path);
}

/** Reads the text of a journal; `path` is for messages. What a killed program left of a line does not count. */
export function parseJournal(text: string, path: string): ReadJournal {
  const lines = text.split('\n').flatMap((line, nr) => lineOf(line, `${path}, line ${nr + 1}`));
  const [head] = lines;
  if (head?.kind !== 'run') {
    throw new FormatError(
      `Cannot read ${path}: expected that it begins with the run, found ${head?.kind ?? 'nothing'}`,
    );
  }
  const { startedAt, settings, known } = head;
  const cells = lines.flatMap((line) => (line.kind === 'cell' ? [line.cell] : []));
  return { startedAt, settings, known, cells, seconds: secondsOf(lines) };
}

function lineOf(text: string, where: string): Line[] {
  if (!text.startsWith('{')) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const parsed = lineSchema.safeParse(value);
  if (parsed.success) return [parsed.data];
  const [issue] = parsed.error.issues;
  throw new FormatError(
    `Cannot read ${where}: ${issue?.path.join('.') || 'the whole line'}: ${issue?.message}; start a new run`,
    { cause: parsed.error },
  );
}

/** From each beginning to the last line that follows it. */
function secondsOf(lines: readonly Line[]): number {
  let [total, began, last] = [0, 0, 0];
  for (const line of lines) {
    if (!('at' in line)) continue;
    if (line.kind === 'begin') {
      total += last - began;
      began = line.at;
    }
    last = Math.max(line.at, began);
  }
  return (total + last - began) / 1000;
}
