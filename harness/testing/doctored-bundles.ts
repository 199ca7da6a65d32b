// SPDX-License-Identifier: MIT
/** A bundle that a real cell left, changed as somebody might who means no good. */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CellRecord } from '../bundle/cell-record.ts';
import { EVIDENCE_FILES, evidenceLimit } from '../bundle/evidence.ts';
import { runCommand } from './run-command.ts';

const SOUND = join(import.meta.dirname, '../testdata/old-bundles/5.10-locked');

/** A run with one cell; beside it a folder with a file that nobody may touch. */
export interface DoctoredRun {
  readonly run: string;
  readonly cell: string;
  readonly victim: string;
}

/** Changes a run. */
export type Doctoring = (run: DoctoredRun) => Promise<void>;

/** What the file holds that nobody may touch. */
export const UNTOUCHED = 'of somebody else\n';

/** Makes a run in an empty folder. */
export async function makeRun(folder: string, doctoring: Doctoring): Promise<DoctoredRun> {
  const made = {
    run: join(folder, 'run'),
    cell: join(folder, 'run/cell'),
    victim: join(folder, 'outside/victim'),
  };
  await cp(SOUND, made.cell, { recursive: true });
  await mkdir(join(folder, 'outside'));
  await writeFile(made.victim, UNTOUCHED);
  await doctoring(made);
  return made;
}

/** Puts a link to the victim, or to another place, where a file or a folder is. */
export function linked(name: string, to?: string): Doctoring {
  return async ({ cell, victim }) => {
    const path = join(cell, name);
    await rm(path, { recursive: true, force: true });
    await mkdir(dirname(path), { recursive: true });
    await symlink(to ?? victim, path);
  };
}

/** Puts a pipe where a file or a folder is. */
export function piped(name: string): Doctoring {
  return async ({ cell }) => {
    const path = join(cell, name);
    await rm(path, { recursive: true, force: true });
    await mkdir(dirname(path), { recursive: true });
    execFileSync('mkfifo', [path]);
  };
}

/** Puts a folder where a file is. */
export function folded(name: string): Doctoring {
  return async ({ cell }) => {
    await rm(join(cell, name), { force: true });
    await mkdir(join(cell, name), { recursive: true });
  };
}

/** Makes a file so large, without its taking room. */
export function sized(name: string, bytes: number): Doctoring {
  return async ({ cell }) => {
    const path = join(cell, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '', { flag: 'a' });
    await truncate(path, bytes);
  };
}

/** Changes the record's specification. */
export function asked(spec: Readonly<Record<string, unknown>>): Doctoring {
  return recorded((record) => ({ ...record, spec: { ...record.spec, ...spec } }));
}

/** Changes the record. */
export function recorded(change: (record: CellRecord) => object): Doctoring {
  return async ({ cell }) => {
    const path = join(cell, 'cell.json');
    const record = JSON.parse(await readFile(path, 'utf8')) as CellRecord;
    await writeFile(path, JSON.stringify(change(record)));
  };
}

/** Makes every file as large as it may be, of a machine with so much memory. */
export function full(memoryMiB: number): Doctoring {
  return async (made) => {
    await asked({ memoryMiB, truth: 'jump' })(made);
    const machine = { memoryMiB, cpus: 1 };
    const files = EVIDENCE_FILES.filter(
      (file) => !/^cell\.json|^vmcore|^removed|\.zst$/.test(file),
    );
    for (const file of files) await sized(file, evidenceLimit(file, machine))(made);
  };
}

/** Puts what unpacks to so many zeroes where a packed dump is. It says how many they are, or not. */
export function bomb(name: string, mebibytes: number, says: boolean): Doctoring {
  return async ({ cell }) => {
    const path = join(cell, name);
    await mkdir(dirname(path), { recursive: true });
    const size = says ? `--stream-size=${mebibytes * 2 ** 20}` : '--no-content-size';
    const line = `head -c ${mebibytes}M /dev/zero | zstd --quiet --force ${size} -o "$1"`;
    await runCommand(['bash', '-c', line, 'bash', path]);
  };
}

/** Changes a run twice. */
export function both(first: Doctoring, second: Doctoring): Doctoring {
  return async (run) => {
    await first(run);
    await second(run);
  };
}
