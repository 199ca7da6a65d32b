// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempDir } from '../harness/process/temp-dir.ts';
import { renderHtml } from '../harness/report/html/html-report.ts';
import { madeLogs, madeRun } from '../harness/report/html/testing/made-run.ts';
import { openBrowser } from '../harness/report/html/testing/open-browser.ts';
import type { RunnerContext } from '../harness/runner/runner-context.ts';
import type { BenchOptions } from './bench-cell.ts';
import { median } from './time-command.ts';

const CELLS = 10_000;

/** Seconds in which the report of so many cells should open. */
const AIM = 2;

/** `npm run bench -- report`: how long the HTML report of 10,000 made cells takes to open. Gives 1 if it misses the aim. */
export async function benchReport(
  { json, rounds }: BenchOptions,
  { log }: RunnerContext,
): Promise<number> {
  log.info(`making a report of ${CELLS} cells`);
  const run = madeRun(CELLS);
  const started = performance.now();
  const report = renderHtml(run, { logs: madeLogs, history: null });
  const made = since(started);
  await using folder = await makeTempDir();
  const path = join(folder.path, 'index.html');
  await writeFile(path, report);
  const times: Times[] = [];
  for (let round = 0; round < rounds; round++) {
    log.info(`opening it, ${round + 1} of ${rounds}`);
    times.push(await timeReport(`file://${path}`));
  }
  const opened = median(times.map((one) => one.opened));
  const cell = median(times.map((one) => one.cell));
  const megabytes = Number((report.length / 1e6).toFixed(1));
  const result = { cells: CELLS, megabytes, made, opened, cell, aim: AIM };
  process.stdout.write(
    json
      ? `${JSON.stringify({ schema: 1, bench: 'report', ...result })}\n`
      : `${CELLS} cells: ${megabytes} MB, made in ${made} s; opens in ${opened} s (aim ${AIM} s), a cell of it in ${cell} s\n`,
  );
  return opened <= AIM ? 0 : 1;
}

interface Times {
  /** Until all of it is laid out, s. */
  readonly opened: number;
  /** From a click on a cell until its page is there, s. */
  readonly cell: number;
}

async function timeReport(address: string): Promise<Times> {
  await using browser = await openBrowser();
  const { page } = browser;
  const started = performance.now();
  await page.goto(address);
  await page.evaluate('document.body.offsetHeight');
  const opened = since(started);
  const clicked = performance.now();
  await page.locator('.heat .square').first().click();
  await page.waitForSelector('#cell [role=gridcell]');
  return { opened, cell: since(clicked) };
}

function since(started: number): number {
  return Number(((performance.now() - started) / 1000).toFixed(2));
}
