// SPDX-License-Identifier: MIT
/** A check that went blind, on purpose: every report of the run that tries a seeded fault goes red. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Parser } from 'tap-parser';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bundleIn } from '../bundle/testing/bundle-in.ts';
import type { CellRecord } from '../bundle/cell-record.ts';
import { kept } from '../check/invariants/finding.ts';
import { INVARIANTS } from '../check/invariants/invariants.ts';
import { judgeBundle } from '../check/judge-bundle.ts';
import { ENDS } from '../ends.ts';
import type { RunResult } from '../matrix/judged-cell.ts';
import { runEnd } from '../matrix/run-end.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { REPORT_KINDS, writeReports } from './reporters.ts';
import { shownPart, wordsIn } from './html/testing/report-parts.ts';
import { parseDocument } from './testing/documents.ts';
import { runOf } from './testing/run-builder.ts';
import { elementsOf } from './testing/xml.ts';

/** A cell that ran. Its kernel frees boot services although crashkernel locks low memory, as the seeded fault of that name. */
const folder = join(import.meta.dirname, '../testdata/5.10-256m-2-cpus');

function runWith(fault: Partial<CellRecord['fault']>): RunResult {
  const bundle = bundleIn(folder);
  const seeded = { name: 'boot-services-freed', caughtBy: ['lowmem.locked'], ...fault };
  const record = { ...bundle.cell, known: [], fault: seeded };
  const judgement = judgeBundle({ ...bundle, cell: record }, undefined);
  return runOf({ record, judgement, folder });
}

/** Every report of a run, as its folder has it. */
async function reportsOf(run: RunResult): Promise<Record<(typeof REPORT_KINDS)[number], string>> {
  await using temp = await makeTempDir();
  const wanted = REPORT_KINDS.map((kind) => ({ kind, path: join(temp.path, kind) }));
  await writeReports(run, wanted, { colour: false, width: 100 });
  const texts = wanted.map(async ({ kind, path }) => [kind, await readFile(path, 'utf8')] as const);
  return Object.fromEntries(await Promise.all(texts)) as never;
}

const statusOf = ({ cells }: RunResult): number => ENDS[runEnd(cells)].status;

function tapOf(text: string): { readonly ok: boolean } {
  const parser = new Parser();
  parser.end(text);
  return { ok: parser.results?.ok ?? false };
}

const failuresIn = (junit: string): number =>
  elementsOf(junit).filter(({ name }) => name === 'failure').length;

describe('with all checks as they are', () => {
  it('the fault is caught, and no report is red', async () => {
    const run = runWith({});
    expect(statusOf(run)).toBe(0);
    const { console: text, markdown, html, junit, tap, json } = await reportsOf(run);
    const words = 'Detection power: would have caught 1 of 1 seeded fault; 1 tried in this run';
    expect(text).toContain(`\n${words}\n  caught: boot-services-freed\n`);
    expect(markdown).toContain(`\n${words}\n`);
    expect(wordsIn(shownPart(html))).toContain('1 of 1 seeded faults would be caught');
    expect([failuresIn(junit), tapOf(tap).ok]).toEqual([0, true]);
    expect(junit).toContain('name="seeded fault boot-services-freed"');
    const names = { caught: ['boot-services-freed'], missed: [], unbuilt: [], unjudged: [] };
    expect(parseDocument('run', json).detection?.tonight).toEqual(names);
  });
});

describe('with a check that always says kept', () => {
  beforeEach(() => {
    vi.spyOn(INVARIANTS['lowmem.locked'], 'check').mockReturnValue(kept('All is well'));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('the run ends with 1', () => {
    expect(statusOf(runWith({}))).toBe(1);
  });

  it('every report is red, and names the fault before all else', async () => {
    const reports = await reportsOf(runWith({}));
    const words = 'Detection power: would have caught 0 of 1 seeded fault; 1 tried in this run';
    const why = 'expected lowmem.locked, nothing was broken';
    expect(reports.console).toMatch(new RegExp(`^${words}\n {2}MISSED: boot-services-freed\n`));
    expect(reports.console).toContain(`boot-services-freed  debian:5.10  missed: ${why}\n`);
    const [, , heading, power, missed] = reports.markdown.split('\n').filter(Boolean);
    expect([heading, power, missed]).toEqual([
      '### Seeded faults',
      `**${words}**`,
      '- MISSED: `boot-services-freed`',
    ]);
    expect(failuresIn(reports.junit)).toBe(1);
    expect(reports.junit).toContain(`<failure message="${why}" type="missed"/>`);
    expect(tapOf(reports.tap).ok).toBe(false);
    expect(reports.ktap).toMatch(/^not ok 1 /m);
    expect(reports.github).toMatch(
      /^::error title=sub1m missed the seeded fault boot-services-freed::/,
    );
    const { detection, summary } = parseDocument('run', reports.json);
    expect(detection?.tonight.missed).toEqual(['boot-services-freed']);
    expect(summary).toMatchObject({ match: 0, mismatch: 1 });
  });

  it('the page begins with it, in the colour of what is broken', async () => {
    const shown = shownPart((await reportsOf(runWith({}))).html);
    expect(shown).toMatch(/<div class="detection bad">/);
    const words = wordsIn(shown);
    expect(words).toContain(
      'MISSED: boot-services-freed Seeded faults that were missed The seeded fault boot-services-freed was missed:',
    );
    expect(words).toContain('0 of 1 seeded faults would be caught');
  });
});

describe('a fault that is caught by another promise than its matrix names', () => {
  it('is missed, and the reports say what was broken instead', async () => {
    const run = runWith({ caughtBy: ['kdump.reserved', 'kdump.confined'] });
    expect(statusOf(run)).toBe(1);
    const { console: text, html } = await reportsOf(run);
    const why = 'expected kdump.reserved or kdump.confined, broken was lowmem.locked';
    expect(text).toContain(`missed: ${why}\n`);
    expect(wordsIn(shownPart(html))).toContain(why);
  });
});

describe('a fault of which the kernel does not build', () => {
  it('is not caught and not missed: it is named, and the run cannot judge', async () => {
    const run = runWith({});
    const unbuilt = { kind: 'unjudged', code: 'E_BUILD', why: 'x.patch: hunk 2 fails' } as const;
    const [cell] = run.cells;
    if (!cell) throw new Error('Expected a cell');
    const fault = { name: 'boot-services-freed', caughtBy: ['lowmem.locked'], caught: [] };
    const judgement = { ...cell.judgement, verdict: unbuilt, invariants: [], fault };
    const untold = { ...run, cells: [{ ...cell, judgement }] };
    expect(statusOf(untold)).toBe(69);
    const { console: text, junit } = await reportsOf(untold);
    expect(text).toContain(
      'would have caught 0 of 1 seeded fault; 1 tried in this run\n  does not build (see its patch): boot-services-freed\n',
    );
    expect(text).toContain('E_BUILD: x.patch: hunk 2 fails');
    expect(elementsOf(junit).filter(({ name }) => name === 'error')).toHaveLength(1);
  });
});
