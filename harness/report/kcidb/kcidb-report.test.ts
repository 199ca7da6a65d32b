// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../bundle/cell-record.ts';
import type { Judgement } from '../../check/judgement.ts';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import {
  REFERENCE,
  brokenCell,
  invariant,
  mendedCell,
  runOf,
  unbootableCell,
} from '../testing/run-builder.ts';
import { kcidbDocument, renderKcidb } from './kcidb-report.ts';
import { LOG_LIMIT, kcidbSchema } from './kcidb-schema.ts';
import { kcidbViolations } from './testing/kcidb-violations.ts';

function unjudged(code: string): Partial<Judgement> {
  return { verdict: { kind: 'unjudged', code, why: `It is ${code}` } };
}

/** The status of each test of a cell, by its path. */
function statuses(cell: JudgedCell): Record<string, string> {
  const { tests } = kcidbDocument(runOf(cell));
  return Object.fromEntries(tests.map(({ path, status }) => [path, status]));
}

describe('renderKcidb', () => {
  it('reports images, promises and known defects', () => {
    const document: unknown = JSON.parse(renderKcidb(runOf(brokenCell(), mendedCell())));
    expect(kcidbViolations(document)).toEqual([]);
    expect(document).toMatchObject({
      version: { major: 5, minor: 3 },
      checkouts: [{ origin: 'sub1m' }],
      builds: [{ architecture: 'x86_64', misc: { image_sha256: '00' } }],
      issues: [{ report_url: REFERENCE, version: 1, culprit: { code: true } }],
      incidents: [{ present: true }, { present: false }],
    });
  });

  it('claims neither a commit nor a build that it has not seen', () => {
    const { checkouts, builds } = kcidbDocument(runOf(brokenCell()));
    expect(Object.keys(checkouts[0] ?? {})).toEqual(['id', 'origin', 'comment']);
    expect(builds[0]).not.toHaveProperty('status');
  });

  it('gives the pages of what is broken', () => {
    const { tests } = kcidbDocument(runOf(brokenCell()));
    const locked = tests.find(({ path }) => path === 'sub1m.lowmem.locked');
    expect(locked?.log_excerpt).toContain('\n0x13: lock predicted, used observed');
    expect(locked).toMatchObject({
      status: 'FAIL',
      misc: { outcome: 'broken', pages: ['0x10-0x13'], evidence: 'system/kpageflags' },
      environment: { misc: { accel: 'tcg', crashkernel: '256M', cpus: 1 } },
    });
  });

  it('has the same ids for the same cell wherever its folder is, and others for its next run', () => {
    const ids = (cell: JudgedCell): string[] =>
      kcidbDocument(runOf(cell)).tests.map(({ id }) => id);
    const cell = brokenCell();
    const later = { ...cell, record: { ...cell.record, startedAt: '2026-11-23T13:30:00.000Z' } };
    expect(ids({ ...cell, folder: '/elsewhere' })).toEqual(ids(cell));
    expect(ids(cell).filter((id) => ids(later).includes(id))).toEqual([]);
  });

  it('reports nothing of a kernel with a seeded fault', () => {
    const fault = { name: 'x', caughtBy: ['boot.sound'], caught: [] };
    const { tests, builds } = kcidbDocument(runOf(judgedCell({ judgement: { fault } })));
    expect([tests, builds]).toEqual([[], []]);
  });

  it('says who submits', () => {
    const { tests, incidents } = kcidbDocument(runOf(brokenCell()), 'my_lab');
    for (const { id, origin } of [...tests, ...incidents]) {
      expect([origin, id.split(':')[0]]).toEqual(['my_lab', 'my_lab']);
    }
  });

  it('names no path of the host', () => {
    const axes = { kernel: ['/home/me/linux'], layout: ['/home/me/my-laptop.json'] };
    const run = runOf(judgedCell({ axes, record: { kernel: null }, judgement: unjudged('E_X') }));
    expect(renderKcidb(run)).not.toContain('/home');
    expect(renderKcidb(run)).toContain('low memory my-laptop.json');
  });

  it('cuts a log to what the database takes', () => {
    const lastLines = Array.from({ length: 3000 }, () => 'a line of the console 😀');
    const outcome = {
      kind: 'overrun',
      phase: 'boot',
      budgetMs: 1,
      silentMs: 1,
      lastLines,
    } as const;
    const cell = judgedCell({ record: { outcome }, judgement: unjudged('E_DEADLINE') });
    const [test] = kcidbDocument(runOf(cell)).tests;
    expect(test?.log_excerpt?.length).toBeGreaterThan(LOG_LIMIT - 5);
    expect(test?.log_excerpt).not.toMatch(/\p{Cs}/u);
  });
});

describe('the status of a test', () => {
  it.each([
    { outcome: 'kept', status: 'PASS' },
    { outcome: 'broken', status: 'FAIL' },
    { outcome: 'known', status: 'FAIL' },
    { outcome: 'not-asked', status: 'SKIP' },
    { outcome: 'unseen', status: 'ERROR' },
  ] as const)('is $status for what is $outcome', ({ outcome, status }) => {
    const known = outcome === 'known' ? { reference: REFERENCE } : null;
    const cell = judgedCell({ judgement: { invariants: [invariant({ outcome, known })] } });
    expect(statuses(cell)).toEqual({ 'sub1m.boot.userspace': status });
  });

  it.each([
    ['E_HOST', 'MISS'],
    ['E_PACKAGE', 'MISS'],
    ['E_BUILD', 'MISS'],
    ['E_INTERRUPTED', 'MISS'],
    ['E_EVIDENCE', 'ERROR'],
    ['E_FORMAT', 'ERROR'],
    ['E_BUG', 'ERROR'],
  ])('is that of the trouble where the cell could not be judged: %s, %s', (code, status) => {
    const invariants = [invariant({}), invariant({ id: 'boot.sound', outcome: 'unseen' })];
    const cell = judgedCell({ judgement: { ...unjudged(code), invariants } });
    expect(statuses(cell)).toEqual({
      'sub1m.boot.userspace': 'PASS',
      'sub1m.boot.sound': status,
      sub1m: status,
    });
  });

  it('is no trouble of ours for what the kernel hides, or died too early to show', () => {
    const unseen = { outcome: 'unseen' } as const;
    const hidden = invariant({ ...unseen, shownBy: 'CONFIG_KALLSYMS' });
    expect(statuses(judgedCell({ judgement: { invariants: [hidden] } }))).toEqual({
      'sub1m.boot.userspace': 'SKIP',
    });
    const { record, judgement, folder } = unbootableCell();
    const outcome: Outcome = { kind: 'machine-ended', phase: 'boot', cause: 'x', lastLines: [] };
    const invariants = [...judgement.invariants, invariant({ id: 'boot.sound', ...unseen })];
    const dead = {
      folder,
      record: { ...record, outcome },
      judgement: { ...judgement, invariants },
    };
    expect(statuses(dead)).toEqual({ 'sub1m.boot.userspace': 'FAIL', 'sub1m.boot.sound': 'SKIP' });
  });

  it('is that of a build that failed, where a source became no kernel', () => {
    const cell = judgedCell({ record: { kernel: null }, judgement: unjudged('E_BUILD') });
    const { builds, tests } = kcidbDocument(runOf(cell));
    expect(builds).toMatchObject([{ status: 'FAIL', log_excerpt: 'E_BUILD: It is E_BUILD' }]);
    expect(tests).toMatchObject([{ status: 'MISS' }]);
  });
});

describe('the rules of KCIDB', () => {
  const good = kcidbDocument(runOf(brokenCell()));
  const [test, ...others] = good.tests;

  it.each([
    {
      what: 'two dots',
      change: { path: 'sub1m..locked' },
      says: /expected string matching|Invalid/i,
    },
    { what: 'no path', change: { path: '' }, says: /Invalid/i },
    { what: 'a null', change: { comment: null }, says: /expected string/i },
    { what: 'a null in misc', change: { misc: { a: [{ b: null }] } }, says: /no null in misc/ },
    { what: 'a NUL', change: { comment: 'a\0' }, says: /no NUL/ },
    { what: 'a long log', change: { log_excerpt: 'x'.repeat(LOG_LIMIT + 1) }, says: /16384/ },
    { what: 'another status', change: { status: 'KNOWN' }, says: /Invalid option/ },
    { what: 'a build that is not there', change: { build_id: 'sub1m:x' }, says: /no builds for/ },
    { what: 'an id without an origin', change: { id: 'x' }, says: /Invalid|no tests/ },
    { what: 'a field of its own', change: { verdict: 'x' }, says: /Unrecognized key/ },
    {
      what: 'a time without a zone',
      change: { start_time: '2026-11-22T13:30:00' },
      says: /Invalid/,
    },
  ])('refuse $what', ({ change, says }) => {
    const { error } = kcidbSchema.safeParse({
      ...good,
      tests: [{ ...test, ...change }, ...others],
    });
    expect(error?.issues.map(({ message }) => message).join('; ')).toMatch(says);
  });

  it('refuse an id twice', () => {
    const { error } = kcidbSchema.safeParse({ ...good, tests: [...good.tests, test] });
    expect(error?.issues[0]?.message).toBe('expected ids of tests that differ');
  });
});
