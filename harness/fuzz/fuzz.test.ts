// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { HostError } from '../errors.ts';
import type { CaseOutcome } from './finding-class.ts';
import { fuzz } from './fuzz.ts';
import type { FuzzPlan, FuzzResult } from './fuzz-plan.ts';
import type { FuzzCase } from './fuzz-case.ts';
import { STANDARD_CHOICES } from './generate-case.ts';
import { type Finding, type Journal, type JournalLine, parseJournal } from './journal.ts';

const MATCH: CaseOutcome = { kind: 'match' };
const [BAD, GOOD] = ['recipe:bad', 'debian:good'];

function found(of: string): CaseOutcome {
  return { kind: 'found', class: of, why: `seen: ${of}` };
}

/** A kernel that dies with a word on its command line, another way with two CPUs. */
function planted({ append, cpus }: FuzzCase, kernel: string): CaseOutcome {
  if (kernel !== BAD) return MATCH;
  if (append.includes('movable_node')) return found('boot-failure: no room');
  return cpus === 2 ? found('lowmem.locked: efi_free_boot_services') : MATCH;
}

interface Session extends FuzzResult {
  readonly lines: readonly JournalLine[];
  readonly ran: readonly { readonly given: FuzzCase; readonly kernel: string }[];
  readonly steps: readonly string[];
}

/** A run of the fuzzer with a judge for a machine. */
async function session(
  judge: (given: FuzzCase, kernel: string) => CaseOutcome,
  plan: Partial<FuzzPlan> = {},
  machines = Infinity,
): Promise<Session> {
  const lines: JournalLine[] = [];
  const ran: { given: FuzzCase; kernel: string }[] = [];
  const steps: string[] = [];
  const result = await fuzz(
    {
      kernels: [BAD],
      policy: 'auto',
      seed: 1,
      choices: STANDARD_CHOICES,
      cases: 40,
      jobs: 1,
      shrinkRuns: 1000,
      run: 'these',
      journal: { findings: [], cases: [], reached: [] },
      ...plan,
    },
    {
      predict: ({ append }) => ({ end: 'boots', features: append }),
      run: (given, kernel) => {
        ran.push({ given, kernel });
        return Promise.resolve(judge(given, kernel));
      },
      timeIsOver: () => ran.length >= machines,
      note: (line) => {
        lines.push(line);
        return Promise.resolve();
      },
      onStep: (text) => void steps.push(text),
    },
  );
  return { ...result, lines, ran, steps };
}

/** What the next run reads of what this one wrote. */
function journalOf(lines: readonly JournalLine[]): Journal {
  return parseJournal(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), 'journal.jsonl');
}

function classes({ findings }: FuzzResult): string[] {
  return findings.map((finding) => finding.class).toSorted();
}

it('makes one finding of each class, as small as it gets', async () => {
  const { findings, cases, judged, gone } = await session(planted);
  expect({ cases, judged, gone }).toEqual({ cases: 40, judged: 40, gone: [] });
  const plain = { islands: [], levers: [], bda: null, crashkernel: null };
  const pieces = [{ type: 'Conventional', pages: 0xa0 }];
  expect(findings.toSorted((a, b) => (a.class < b.class ? -1 : 1))).toMatchObject([
    {
      class: 'boot-failure: no room',
      kernel: BAD,
      state: 'minimal',
      predicted: 'boots',
      case: { ...plain, pieces, append: ['movable_node'], cpus: 1 },
    },
    {
      class: 'lowmem.locked: efi_free_boot_services',
      state: 'minimal',
      case: { ...plain, pieces, append: [], cpus: 2 },
    },
  ]);
});

it('finds nothing in kernels that match, and says why others could not be judged', async () => {
  const { findings, unjudged, judged } = await session(({ cpus }) =>
    cpus === 2 ? { kind: 'unjudged', why: 'no such layout' } : MATCH,
  );
  expect(findings).toEqual([]);
  expect(judged + (unjudged.get('no such layout') ?? 0)).toBe(40);
  expect(unjudged.get('no such layout')).toBeGreaterThan(0);
});

it('tells what other kernels show of the same machine', async () => {
  const { findings, ran } = await session(planted, { kernels: [GOOD, BAD] });
  expect(findings.map(({ others }) => others)).toEqual([
    [{ kernel: GOOD, outcome: 'match' }],
    [{ kernel: GOOD, outcome: 'match' }],
  ]);
  expect(ran.filter(({ kernel }) => kernel === GOOD)).toHaveLength(42);
});

it('does not make smaller what no other boot shows', async () => {
  let first = true;
  const { findings, ran } = await session(() => {
    const outcome = first ? found('lowmem.locked') : MATCH;
    first = false;
    return outcome;
  });
  expect(findings).toMatchObject([{ class: 'lowmem.locked', state: 'once', boots: 5, nr: 0 }]);
  expect(ran).toHaveLength(45);
});

it('makes smaller what only some boots show, and keeps what others show', async () => {
  let boots = 0;
  const some = (given: FuzzCase): CaseOutcome => {
    if (!given.append.includes('movable_node')) return MATCH;
    boots += 1;
    if (boots === 2) return found('boot-failure: at times');
    return boots % 3 === 1 ? found('lowmem.locked: at times') : MATCH;
  };
  const first = await session(some);
  const [locked] = first.findings.filter(({ state }) => state === 'minimal');
  expect(locked).toMatchObject({ class: 'lowmem.locked: at times', boots: 3 });
  expect(locked?.case).toMatchObject({ append: ['movable_node'], islands: [], cpus: 1 });
  expect(first.findings.filter(({ state }) => state === 'once')).toMatchObject([
    { class: 'boot-failure: at times', boots: 1 },
  ]);
  boots = 2;
  const again = await session(some, { journal: journalOf(first.lines), cases: 0 });
  expect(again.findings).toEqual([locked]);
  expect(again.gone).toMatchObject([{ class: 'boot-failure: at times' }]);
});

it('uses no more machines for one finding than it may', async () => {
  const { findings, ran } = await session(
    ({ levers }) => (levers.length > 0 ? found('a lever') : MATCH),
    { cases: 40, shrinkRuns: 3 },
  );
  expect(findings).toMatchObject([{ state: 'smaller' }]);
  // The cases, one of them again, and three smaller ones.
  expect(ran).toHaveLength(44);
});

it('goes on where it was, whenever it was stopped', async () => {
  const whole = await session(planted);
  for (const machines of [1, 3, 7, 20, 30, whole.ran.length - 1]) {
    const first = await session(planted, {}, machines);
    expect(first.ran.length).toBeLessThanOrEqual(machines + 1);
    const second = await session(planted, { journal: journalOf(first.lines) });
    expect(second.earlier).toBe(first.cases);
    expect(second.cases + second.earlier).toBe(40);
    expect(classes(second)).toEqual(classes(whole));
    expect(second.findings.map(({ state }) => state)).toEqual(['minimal', 'minimal']);
  }
});

it('tries the findings of earlier runs first, and only says what is gone', async () => {
  const journal = journalOf((await session(planted)).lines);
  const again = await session(planted, { journal, seed: 2, cases: 1 });
  expect(again.ran.slice(0, 2).map(({ given }) => given)).toEqual(
    journal.findings.map((finding) => finding.case),
  );
  expect(classes(again)).toHaveLength(2);
  expect(again.ran).toHaveLength(3);
  const fixed = await session(() => MATCH, { journal, cases: 1 });
  expect(fixed.findings).toEqual([]);
  expect(fixed.gone).toEqual(journal.findings);
  // Those of another kernel or policy are not asked.
  const other = await session(() => MATCH, { journal, kernels: [GOOD], cases: 0 });
  expect(other.ran).toEqual([]);
});

it('runs the same cases, two at a time, too', async () => {
  const one = await session(() => MATCH);
  const { ran } = await session(() => MATCH, { jobs: 2 });
  expect(new Set(ran)).toEqual(new Set(one.ran));
  const { findings } = await session(planted, { jobs: 2 });
  expect(findings).toHaveLength(2);
});

it('rejects when a machine cannot be run, and starts no other', async () => {
  let count = 0;
  const failing = session(() => {
    count += 1;
    if (count === 3) throw new HostError('Cannot go on: no memory');
    return MATCH;
  });
  await expect(failing).rejects.toThrow('Cannot go on: no memory');
  expect(count).toBe(3);
});

it('says what it found and how much is left', async () => {
  const { steps } = await session(planted);
  const finding = steps.filter((step) => step.includes('recipe:bad shows: '));
  expect(finding).toHaveLength(2);
  expect(steps.at(-1)).toMatch(/^case 39: \w+; 0 left; findings: 2$/);
});

it('keeps each finding with every smaller case, so that a kill loses little', async () => {
  const { lines } = await session(planted);
  const kept = lines.filter((line): line is Finding => line.kind === 'finding');
  expect(kept.length).toBeGreaterThan(6);
  expect(kept.filter(({ state }) => state === 'minimal')).toHaveLength(2);
});
