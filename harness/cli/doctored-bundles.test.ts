// SPDX-License-Identifier: MIT
/** Bundles of somebody who means no good: what each command makes of them, and that it harms nothing. */
import { readFile, readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import {
  type Doctoring,
  UNTOUCHED,
  asked,
  bomb,
  both,
  folded,
  linked,
  makeRun,
  piped,
  recorded,
  sized,
} from '../testing/doctored-bundles.ts';
import { runCommand } from '../testing/run-command.ts';
import { leftBehind, startSub1m, sub1mCommand } from '../testing/run-sub1m.ts';

/** A machine of 64 MiB: its dump has at most 144 MiB. */
const DUMP_BYTES = 144 * 2 ** 20;

const LINK = 'a symbolic link; put what it leads to in its place';
const PIPE = 'a pipe; save what it gives to a file first';

/** What a command says of a bundle in one line, after "sub1m: Cannot "; {} stands for the run's folder. */
interface Row {
  readonly what: string;
  readonly doctoring: Doctoring;
  readonly judge: string;
  /** Undefined: the same. */
  readonly inspect?: string;
}

const NO_DUMP =
  'read {}/cell: expected a vmcore or what was kept of a dead kernel, found a folder with neither';

const ROWS: readonly Row[] = [
  {
    what: 'a record that is a link',
    doctoring: linked('cell.json'),
    judge: `read {}/cell/cell.json: expected a file, found ${LINK}`,
  },
  {
    what: 'a record that is a pipe',
    doctoring: piped('cell.json'),
    judge: `read {}/cell/cell.json: expected a file, found ${PIPE}`,
  },
  {
    what: 'a record of 1 TiB',
    doctoring: sized('cell.json', 2 ** 40),
    judge: `read {}/cell/cell.json: expected at most 1048576 bytes, found ${2 ** 40}`,
  },
  {
    what: 'a machine of 2^40 MiB',
    doctoring: asked({ memoryMiB: 2 ** 40 }),
    judge:
      'read cell record {}/cell/cell.json: spec.memoryMiB: Too big: expected number to be <=65536; ' +
      'run the cell again, or judge it with the sub1m that wrote it',
  },
  {
    what: 'a cell named for another folder',
    doctoring: recorded((record) => ({ ...record, id: '../../outside' })),
    judge:
      'read cell record {}/cell/cell.json: id: expected a plain name; ' +
      'run the cell again, or judge it with the sub1m that wrote it',
  },
  {
    what: 'a log that is a link',
    doctoring: linked('console.log'),
    judge: `read {}/cell/console.log: expected a file, found ${LINK}`,
    inspect: NO_DUMP,
  },
  {
    what: 'evidence that is a pipe',
    doctoring: piped('system/iomem'),
    judge: `read {}/cell/system/iomem: expected a file, found ${PIPE}`,
    inspect: NO_DUMP,
  },
  {
    what: 'evidence that is a folder',
    doctoring: folded('system/iomem'),
    judge: 'read {}/cell/system/iomem: expected a file, found a folder; name a file in it',
    inspect: NO_DUMP,
  },
  {
    what: 'evidence that is a device',
    doctoring: linked('system/dmesg', '/dev/zero'),
    judge: `read {}/cell/system/dmesg: expected a file, found ${LINK}`,
    inspect: NO_DUMP,
  },
  ...['system', 'capture', 'jump', 'dead'].map((name) => ({
    what: `a folder ${name} that is a link`,
    doctoring: linked(name, '../../outside'),
    judge: `read {}/cell/${name}: expected a folder, found ${LINK}`,
    ...(name !== 'dead' && { inspect: NO_DUMP }),
  })),
  {
    what: 'a log of 64 MiB',
    doctoring: sized('system/dmesg', 2 ** 26),
    judge: 'read {}/cell/system/dmesg: expected at most 16777216 bytes, found 67108864',
    inspect: NO_DUMP,
  },
  {
    what: 'a dump that is a link',
    doctoring: linked('vmcore'),
    judge: `read {}/cell/vmcore: expected a file, found ${LINK}`,
  },
  {
    what: 'a packed dump that is a link',
    doctoring: linked('vmcore.zst'),
    judge: `read {}/cell/vmcore.zst: expected a file, found ${LINK}`,
  },
  {
    what: 'a dump of 1 TiB',
    doctoring: sized('vmcore', 2 ** 40),
    judge: `read {}/cell/vmcore: expected at most ${(1024 * 1.25 + 64) * 2 ** 20} bytes, found ${2 ** 40}`,
  },
  {
    what: 'a packed dump that says it has 200 MiB',
    doctoring: both(asked({ memoryMiB: 64 }), bomb('vmcore.zst', 200, true)),
    judge: `unpack {}/cell/vmcore.zst: expected at most ${DUMP_BYTES} bytes, as a machine of its memory makes, found ${200 * 2 ** 20}`,
  },
  {
    what: 'a packed dump that has 200 MiB and does not say',
    doctoring: both(asked({ memoryMiB: 64 }), bomb('vmcore.zst', 200, false)),
    judge: `unpack {}/cell/vmcore.zst: expected at most ${DUMP_BYTES} bytes, found more`,
  },
  {
    what: 'a packed dump behind a pipe in its place',
    doctoring: both(bomb('vmcore.zst', 1, true), piped('vmcore')),
    judge: `read {}/cell/vmcore: expected a file, found ${PIPE}`,
  },
];

// Each test starts a process, which takes a second or two.
describe('a doctored bundle', { timeout: 60_000 }, () => {
  it.each(ROWS)('with $what is one line and 65', async ({ doctoring, judge, inspect = judge }) => {
    await using temp = await makeTempDir();
    const { run, cell, victim } = await makeRun(temp.path, doctoring);
    const commands = [
      { words: ['judge', cell], line: judge },
      { words: ['inspect', cell], line: inspect },
    ];
    for (const { words, line } of commands) {
      const { child, ended } = startSub1m(words);
      expect(await ended).toEqual({
        status: 65,
        stdout: '',
        stderr: `sub1m: Cannot ${line.replaceAll('{}', run)}\n`,
      });
      expect(leftBehind(child.pid)).toEqual([]);
    }
    expect(await readFile(victim, 'utf8')).toBe(UNTOUCHED);
    expect(await readdir(join(temp.path, 'outside'))).toEqual(['victim']);
  });

  it.each(['verdict.json', 'observation.json', 'prediction.json'])(
    'with a link %s is judged, and the link is gone',
    async (name) => {
      await using temp = await makeTempDir();
      const { run, cell, victim } = await makeRun(temp.path, linked(name));
      const { status } = await startSub1m(['judge', run]).ended;
      expect(status).toBe(1);
      expect(await readFile(victim, 'utf8')).toBe(UNTOUCHED);
      expect(JSON.parse(await readFile(join(cell, name), 'utf8'))).toHaveProperty('schema');
      expect((await readdir(cell)).filter((entry) => entry.startsWith('.'))).toEqual([]);
    },
  );

  it('that is a link in its run is one line and 65', async () => {
    await using temp = await makeTempDir();
    const { run, cell } = await makeRun(temp.path, async ({ run: path, cell: to }) => {
      await symlink(to, join(path, 'other'));
    });
    for (const command of ['judge', 'inspect']) {
      expect(await startSub1m([command, join(run, 'other')]).ended).toEqual({
        status: 65,
        stdout: '',
        stderr: `sub1m: Cannot read ${run}/other: expected a folder, found ${LINK}\n`,
      });
    }
    expect(await readdir(cell)).not.toContain('observation.json');
  });

  it('in a run is named, and keeps nothing from the others', async () => {
    await using temp = await makeTempDir();
    const { run, cell } = await makeRun(temp.path, async ({ run: path, cell: to }) => {
      await symlink(to, join(path, 'other'));
    });
    const { status, stdout, stderr } = await startSub1m(['judge', run]).ended;
    expect(stderr).toBe(
      `warning: not judged: ${run}/other: Cannot read ${run}/other: expected a folder, found ${LINK}\n`,
    );
    expect(stdout).toContain('1 mismatch');
    expect(status).toBe(1);
    expect(await readdir(cell)).toContain('observation.json');
  });

  it('with a run.json that is a link is one line and 65', async () => {
    await using temp = await makeTempDir();
    const { run } = await makeRun(temp.path, async ({ run: path, victim }) => {
      await symlink(victim, join(path, 'run.json'));
    });
    const { status, stderr } = await startSub1m(['judge', run]).ended;
    expect(status).toBe(65);
    expect(stderr).toBe(`sub1m: Cannot read ${run}/run.json: expected a file, found ${LINK}\n`);
  });

  it('may be reached by a link to its run: that is the user’s own', async () => {
    await using temp = await makeTempDir();
    const { run } = await makeRun(temp.path, async () => {});
    await symlink(run, join(temp.path, 'latest'));
    const { status, stdout } = await startSub1m(['judge', join(temp.path, 'latest')]).ended;
    expect(status).toBe(1);
    expect(stdout).toContain('1 mismatch');
  });
});

describe('judge', { timeout: 60_000 }, () => {
  it('makes nothing that others may write to, whatever the umask', async () => {
    await using temp = await makeTempDir();
    const { run, cell } = await makeRun(temp.path, async () => {});
    const words = ['sh', '-c', 'umask 0; exec "$@"', 'sh', ...sub1mCommand(), 'judge', run];
    expect((await runCommand(words)).status).toBe(1);
    const { mode } = await stat(join(cell, 'verdict.json'));
    expect((mode & 0o777).toString(8)).toBe('644');
  });
});
