// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { POLICY_IDS } from '../policy-id.ts';
import { parseJsonFile } from '../json-file.ts';
import { LIST_LIMIT, branchSchema } from './coverage.ts';
import { fuzzCaseSchema } from './fuzz-case.ts';

/** Characters of a sentence; a longer one is cut. */
export const WORDS_LIMIT = 2000;

/** Lines of a journal: weeks of cases. */
const LINES_LIMIT = 1_000_000;

const words = z.string().max(WORDS_LIMIT);
const outcomeKind = z.enum(['match', 'unjudged', 'found']);
const seed = z.int().min(0).max(0xffff_ffff);

/** A case that every kernel has run. */
const ranSchema = z.strictObject({
  kind: z.literal('case'),
  /** What stands for the kernels, the policy, the choices and the model: cases of others are not these. */
  run: z.string().max(64),
  seed,
  nr: z.int().min(0),
  /** What the model said before, and what the machine showed; by kernel, in the order of the command line. */
  outcomes: z.array(z.strictObject({ predicted: words, outcome: outcomeKind })).max(100),
});

/** What a kernel showed, and the smallest machine so far that shows it. */
export const findingSchema = z.strictObject({
  kind: z.literal('finding'),
  class: words,
  kernel: words,
  policy: z.enum(['auto', ...POLICY_IDS]),
  case: fuzzCaseSchema,
  /** What was seen, in the case as it was found. */
  why: words,
  /** What the model said of the case as it was found. */
  predicted: words,
  /** Where it came from. */
  seed,
  nr: z.int().min(0),
  /** `smaller`: another run may make it smaller. `once`: no other boot showed it. */
  state: z.enum(['smaller', 'minimal', 'once']),
  /** The boots after the first until the case showed it again; of one that was seen once, those that did not. */
  boots: z.int().min(1).max(1000),
  /** What the other kernels show of the smallest case; empty if they were not asked. */
  others: z.array(z.strictObject({ kernel: words, outcome: outcomeKind })).max(100),
});

/** A case in which a kernel took branches of its own code that no case before it had come to. */
const reachedSchema = z.strictObject({
  kind: z.literal('reached'),
  /** The SHA-256 of the kernel's image. */
  image: z.string().max(64),
  case: fuzzCaseSchema,
  branches: z.array(branchSchema).min(1).max(LIST_LIMIT),
});

const lineSchema = z.discriminatedUnion('kind', [ranSchema, findingSchema, reachedSchema]);

/** See `findingSchema`. */
export type Finding = z.infer<typeof findingSchema>;
/** A line of a journal. */
export type JournalLine = z.infer<typeof lineSchema>;

/** What earlier runs left. */
export interface Journal {
  /** The newest of each kernel and class. */
  readonly findings: readonly Finding[];
  readonly cases: readonly z.infer<typeof ranSchema>[];
  readonly reached: readonly z.infer<typeof reachedSchema>[];
}

/** What tells a finding from others. */
export function findingKey({ kernel, class: of }: Pick<Finding, 'kernel' | 'class'>): string {
  return `${kernel}\n${of}`;
}

/**
 * Reads a journal; a last line that a kill cut short counts for nothing. Throws `FormatError` naming the line and the
 * field at fault.
 */
export function parseJournal(text: string, path: string): Journal {
  const findings = new Map<string, Finding>();
  const cases: z.infer<typeof ranSchema>[] = [];
  const reached: z.infer<typeof reachedSchema>[] = [];
  const lines = text.split('\n', LINES_LIMIT);
  for (const [index, line] of lines.slice(0, -1).entries()) {
    if (line === '') continue;
    const read = parseJsonFile(line, `${path}, line ${index + 1}`, {
      name: 'the journal of the fuzzer',
      schema: lineSchema,
      advice: 'remove the line, or name another folder with --corpus',
    });
    if (read.kind === 'case') cases.push(read);
    else if (read.kind === 'reached') reached.push(read);
    else findings.set(findingKey(read), read);
  }
  return { findings: [...findings.values()], cases, reached };
}
