// SPDX-License-Identifier: MIT
/** Ctrl-C while a bundle is judged that has as much text as a cell can leave. */
import { readFileSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { STANDARD_CELL } from '../bundle/cell-record.ts';
import { type EvidenceFile, evidenceLimit } from '../bundle/evidence.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { type Doctoring, both, makeRun, sized } from '../testing/doctored-bundles.ts';
import { leftBehind, startSub1m } from '../testing/run-sub1m.ts';

const LOGS = [
  'console.log',
  'system/dmesg',
  'capture/dmesg',
  'capture/crashed-dmesg',
  'dead/dmesg',
] as const satisfies readonly EvidenceFile[];

const DOCUMENTS = ['observation.json', 'prediction.json', 'verdict.json'];

/** How long a command may take to end, ms; to judge these logs takes two seconds of an idle host. */
const SOON_MS = 2000;

it('judge ends soon after Ctrl-C, with 130, and leaves the documents as they were', async () => {
  await using temp = await makeTempDir();
  const { run, cell } = await makeRun(temp.path, both(judgedBefore, everyLogFull));
  const names = await readdir(cell);
  const { child, ended } = startSub1m(['judge', run]);
  // All of them have been read, so they are being judged.
  const bytes = LOGS.reduce((sum, file) => sum + evidenceLimit(file, STANDARD_CELL), 0);
  await expect.poll(() => bytesRead(child.pid), { interval: 5 }).toBeGreaterThan(bytes);
  const at = performance.now();
  child.kill('SIGINT');
  const { status, stderr } = await ended;
  const took = performance.now() - at;
  const documents = DOCUMENTS.map((name) => readFile(join(cell, name), 'utf8'));
  expect(await Promise.all(documents)).toEqual(DOCUMENTS);
  expect(await readdir(cell)).toEqual(names);
  expect({ status, stderr }).toMatchObject({ status: 130 });
  expect(took).toBeLessThan(SOON_MS);
  expect(leftBehind(child.pid)).toEqual([]);
});

/** Each document says its name. */
async function judgedBefore({ cell }: Parameters<Doctoring>[0]): Promise<void> {
  for (const name of DOCUMENTS) await writeFile(join(cell, name), name);
}

/** Makes each log as large as it may be, of lines that take long to judge. */
async function everyLogFull(made: Parameters<Doctoring>[0]): Promise<void> {
  const line = `${'WARNING: 0x0.c:1 '.repeat(60)}\n`;
  for (const file of LOGS) {
    const bytes = evidenceLimit(file, STANDARD_CELL);
    await sized(file, bytes)(made);
    const head = 'Linux version 1\n';
    const text = head + line.repeat(Math.floor((bytes - head.length) / line.length));
    await writeFile(join(made.cell, file), text.padEnd(bytes));
  }
}

/** What all threads of a process have read so far, in bytes; 0 once it has ended. */
function bytesRead(pid: number | undefined): number {
  try {
    const [, bytes] = /^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8')) ?? [];
    return Number(bytes);
  } catch {
    return 0;
  }
}
