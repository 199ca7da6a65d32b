// SPDX-License-Identifier: MIT
/** Every report of a run with a hostile guest, read back by a parser that is not ours. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Parser } from 'tap-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { kcidbViolations } from './kcidb/testing/kcidb-violations.ts';
import { REPORT_KINDS, writeReports } from './reporters.ts';
import { renderHistoryPage } from './html/history-page.ts';
import { renderHtml } from './html/html-report.ts';
import { violations } from './testing/documents.ts';
import { cleanText } from './screen.ts';
import { WEAPONS, historyOfGuest, runOfGuest } from './testing/hostile-guest.ts';
import { partsOfHtml } from './testing/html.ts';
import { readMarkdown } from './testing/markdown.ts';
import { runnerCommands } from './testing/runner-commands.ts';
import { elementsOf } from './testing/xml.ts';

type Kind = (typeof REPORT_KINDS)[number];

/** The elements that an image is drawn with. */
const DRAWN = ['defs', 'desc', 'g', 'path', 'rect', 'style', 'svg', 'text', 'title', 'tspan'];

/** What each report must be, whatever the guest wrote. */
const READERS: Readonly<Record<Kind, (text: string) => void>> = {
  b4: (text) => {
    expect(JSON.parse(text)).toMatchObject([{ tool: 'sub1m', status: 'fail' }]);
  },
  console: (text) => {
    expect(text.trimEnd().split('\n').at(-1)).toMatch(/^4 cells in .*: 0 match, 3 mismatch, 1 unj/);
  },
  github: (text) => {
    const commands = runnerCommands(text);
    expect(commands.map(({ name, properties }) => `${name}: ${properties['title']}`)).toEqual([
      expect.stringMatching(/^error: sub1m missed the seeded fault/),
      'error: lowmem.locked is broken',
      'error: boot.userspace is broken',
      'warning: lowmem.page0-kept no longer shows a known defect',
      'warning: could not judge: E_GUEST_LINK',
      'notice: sub1m',
    ]);
    for (const { properties } of commands) expect(Object.keys(properties)).toEqual(['title']);
    expect(text.trimEnd().split('\n')).toHaveLength(commands.length);
  },
  html: (text) => {
    expectHarmless(text, renderHtml(runOfGuest('words'), { logs: () => ({}), history: null }));
  },
  json: (text) => {
    expect(violations('run', JSON.parse(text))).toEqual([]);
  },
  junit: (text) => {
    const names = elementsOf(text).map(({ name }) => name);
    expect(new Set(names)).toEqual(
      new Set('testsuites testsuite testcase properties property failure error skipped'.split(' ')),
    );
    expect(names.filter((name) => name === 'testcase')).toHaveLength(8);
  },
  kcidb: (text) => {
    const document: unknown = JSON.parse(text);
    expect(kcidbViolations(document)).toEqual([]);
    expect(document).toMatchObject({ tests: { length: 6 }, incidents: { length: 2 } });
  },
  ktap: (text) => {
    const parser = new Parser();
    parser.end(text);
    expect(parser.results).toMatchObject({ count: 4, fail: 4, bailout: false });
    const results = Array.from(
      text.matchAll(/^ *(ok|not ok) (\d+) /gm),
      ([, end = '', nr = '']) => end + nr,
    );
    expect(results.join(', ')).toBe(
      'not ok1, ok2, ok3, ok4, not ok1, not ok2, not ok1, not ok3, not ok4',
    );
  },
  mail: (text) => {
    expect(text).toMatch(/^sub1m booted each kernel below/);
    const report = text.slice(0, text.indexOf('To see it again:'));
    const long = report.split('\n').filter((line) => line.length > 76);
    // What is cleaned is a little longer; else only words that cannot be broken, and a table of eight columns.
    expect(long.filter((line) => /\S \S/.test(line.slice(0, 76)) && !/\S {2}/.test(line))).toEqual(
      [],
    );
  },
  markdown: (text) => {
    const { headings, links, tables, words, kinds } = readMarkdown(text);
    expect(headings).toEqual([
      'sub1m: 0 match, 3 mismatch, 1 unjudged',
      'Seeded faults',
      'Broken',
      'Could not be judged',
      'Known defects',
      'Known defects that no longer show',
      'Promises that could not be seen',
      'Pages that differ',
    ]);
    expect([...kinds].filter((kind) => ['html', 'image', 'br', 'hr'].includes(kind))).toEqual([]);
    expect([links, words.match(/owned|evil|[@#]/g)]).toEqual([[], null]);
    expect(tables).toEqual([
      [2, 2],
      [7, 7, 7, 7, 7],
    ]);
  },
  svg: (text) => {
    expect(elementsOf(text).filter(({ name }) => !DRAWN.includes(name))).toEqual([]);
  },
  tap: (text) => {
    const parser = new Parser();
    parser.end(text);
    expect(parser.results).toMatchObject({ ok: false, count: 4, fail: 4, bailout: false });
  },
};

/** A page is made of what the same page is made of with plain words, and of nothing that runs or loads. */
function expectHarmless(page: string, plain: string): void {
  const { elements, attributes } = partsOfHtml(page);
  const harmless = partsOfHtml(plain);
  expect(elements).toEqual(harmless.elements);
  expect(attributes).toEqual(harmless.attributes);
  expect([...attributes].filter((name) => /^(?:on|style$|src)/.test(name))).toEqual([]);
}

const pageOf = (words: string): string =>
  cleanText(renderHistoryPage({ lines: historyOfGuest(words), skipped: { count: 0, named: [] } }));

describe.each(Object.keys(WEAPONS))('a guest that writes %s', (weapon) => {
  let folder: TempDir;
  beforeAll(async () => {
    folder = await makeTempDir();
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
  });

  it.each(REPORT_KINDS)('is read in a report of the kind %s', async (kind) => {
    const path = join(folder.path, kind);
    const style = { colour: true, width: 80 };
    await writeReports(runOfGuest(WEAPONS[weapon] ?? ''), [{ kind, path }], style);
    const text = await readFile(path, 'utf8');
    expect(text).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u);
    READERS[kind](text);
    expect(runnerCommands(text).length).toBe(kind === 'github' ? 6 : 0);
  });

  it('is read in the page of a history', () => {
    const page = pageOf(WEAPONS[weapon] ?? '');
    expect(page).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u);
    expectHarmless(page, pageOf('words'));
    expect(runnerCommands(page)).toEqual([]);
  });
});
