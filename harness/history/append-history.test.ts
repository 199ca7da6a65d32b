// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FormatError, HostError } from '../errors.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { appendHistory, requireHistory } from './append-history.ts';
import { readHistory } from './read-history.ts';
import { historyLine } from './testing/history-builder.ts';

let temp: TempDir;
const at = (name: string): string => join(temp.path, name);

beforeEach(async () => {
  temp = await makeTempDir();
});

afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

const { signal } = new AbortController();
const [ONE, OTHER] = [historyLine(), historyLine({ night: 1 })];

/** Runs a program, and before it commands of the shell. */
function runTypescript(program: string, before: string): string {
  const typescript = projectPath('harness/process/typescript.mjs');
  const node = [process.execPath, '--import', typescript, '--input-type=module', '-e', program];
  const words = ['-c', `${before} exec "$@"`, 'bash', ...node];
  return execFileSync('bash', words, { encoding: 'utf8' });
}

describe('appendHistory()', () => {
  it('makes the file and its folder, and adds to it', async () => {
    const path = at('new/folder/history.jsonl');
    await appendHistory(path, [ONE]);
    await appendHistory(path, [OTHER]);
    expect(await readFile(path, 'utf8')).toBe(`${JSON.stringify(ONE)}\n${JSON.stringify(OTHER)}\n`);
    expect((await readHistory([path], { signal })).lines).toEqual([ONE, OTHER]);
  });

  it('keeps a line that a crash cut short apart from its own', async () => {
    const path = at('history.jsonl');
    await appendHistory(path, [ONE]);
    await appendFile(path, JSON.stringify(OTHER).slice(0, 100));
    await appendHistory(path, [OTHER]);
    const { lines, skipped } = await readHistory([path], { signal });
    expect(lines).toEqual([ONE, OTHER]);
    expect(skipped).toMatchObject({ count: 1, named: [{ line: 2 }] });
  });

  it('mixes no lines of runs that end at once', async () => {
    const path = at('history.jsonl');
    const runs = Array.from({ length: 12 }, (_, run) =>
      Array.from({ length: 200 }, (__, repeat) =>
        historyLine({ run: `run-${run}`, repeat: repeat + 1 }),
      ),
    );
    await Promise.all(runs.map((lines) => appendHistory(path, lines)));
    const { lines, skipped } = await readHistory([path], { signal });
    expect({ lines: lines.length, skipped: skipped.count }).toEqual({ lines: 2400, skipped: 0 });
    // The lines of each run lie together.
    const written = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const changes = written.filter((line, place) => {
      const runOf = (text = ''): string => /"run":"(.*?)"/.exec(text)?.[1] ?? '';
      return runOf(line) !== runOf(written[place - 1]);
    });
    expect(changes).toHaveLength(12);
  });

  it('makes no file for a run without cells', async () => {
    await appendHistory(at('history.jsonl'), []);
    expect(existsSync(at('history.jsonl'))).toBe(false);
  });

  it('follows a link of the user', async () => {
    await symlink('elsewhere.jsonl', at('history.jsonl'));
    await writeFile(at('elsewhere.jsonl'), '');
    await appendHistory(at('history.jsonl'), [ONE]);
    expect((await readHistory([at('elsewhere.jsonl')], { signal })).lines).toEqual([ONE]);
  });

  it('says that not all was written, and how much', async () => {
    const path = at('history.jsonl');
    await writeFile(path, 'x'.repeat(4000));
    const program = `
      import { appendHistory } from ${JSON.stringify(join(import.meta.dirname, 'append-history.ts'))};
      await appendHistory(${JSON.stringify(path)}, [${JSON.stringify(ONE)}]).catch((error) => {
        console.log(error.code, error.message);
      });`;
    // Files of at most 4 KiB, as on a disk that is full then.
    const said = runTypescript(program, 'ulimit -f 4;');
    const length = JSON.stringify(ONE).length + 2;
    expect(said).toBe(
      `E_HOST Cannot write history ${path}: 96 of ${length} bytes written; is the disk full?\n`,
    );
    await appendHistory(path, [OTHER]);
    expect((await readHistory([path], { signal })).lines).toEqual([OTHER]);
  });
});

describe.each([
  { name: 'appendHistory()', add: (path: string) => appendHistory(path, [ONE]) },
  { name: 'requireHistory()', add: requireHistory },
])('$name', ({ add }) => {
  it.each([
    { what: 'folder', make: (path: string) => mkdir(path) },
    { what: 'pipe', make: (path: string) => Promise.resolve(execFileSync('mkfifo', [path])) },
  ])('refuses a $what', async ({ what, make }) => {
    await make(at(what));
    await expect(add(at(what))).rejects.toThrow(FormatError);
    await expect(add(at(what))).rejects.toThrow(
      `Cannot read ${at(what)}: expected a file, found a`,
    );
  });

  it('refuses a device, and a path through a file', async () => {
    await expect(add('/dev/full')).rejects.toThrow(FormatError);
    await writeFile(at('file'), '');
    await expect(add(at('file/history.jsonl'))).rejects.toThrow(HostError);
    await expect(add(at('file/history.jsonl'))).rejects.toThrow('Cannot write history ');
  });
});

it('requireHistory() takes what can be made, and makes nothing', async () => {
  await requireHistory(at('new/folder/history.jsonl'));
  expect(existsSync(at('new'))).toBe(false);
  await appendHistory(at('history.jsonl'), [ONE]);
  await requireHistory(at('history.jsonl'));
});

it.runIf(process.geteuid?.() === 0)(
  'requireHistory() refuses what the user may not write to',
  async () => {
    await mkdir(at('theirs'), { mode: 0o755 });
    await chmod(temp.path, 0o755);
    const program = `
    import { requireHistory } from ${JSON.stringify(join(import.meta.dirname, 'append-history.ts'))};
    process.setuid(65534);
    await requireHistory(${JSON.stringify(at('theirs/new/history.jsonl'))}).catch((error) => {
      console.log(error.code, error.message);
    });`;
    expect(runTypescript(program, '')).toMatch(
      /^E_HOST Cannot write history .*: EACCES: permission denied/,
    );
  },
);
