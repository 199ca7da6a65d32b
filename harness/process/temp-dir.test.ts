// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HostError, UsageError } from '../errors.ts';
import { makeTempDir, sweepTempDirs } from './temp-dir.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('makes a folder that is closed to others, and removes it with everything in it', async () => {
  let path: string;
  {
    await using temp = await makeTempDir();
    path = temp.path;
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await writeFile(join(path, 'socket'), '');
  }
  expect(existsSync(path)).toBe(false);
});

describe('sweepTempDirs()', () => {
  it('sweeps the folders of processes that are gone, and no others', async () => {
    await using mine = await makeTempDir();
    const orphan = join(tmpdir(), 'sub1m-99999999-orphan');
    await mkdir(orphan, { recursive: true });
    await sweepTempDirs();
    expect(existsSync(orphan)).toBe(false);
    expect(existsSync(mine.path)).toBe(true);
  });

  it('follows no link that is called like a dead folder', async () => {
    await using shared = await makeTempDir();
    const victim = join(shared.path, 'victim');
    await mkdir(victim);
    await writeFile(join(victim, 'file'), '');
    const trap = join(shared.path, 'sub1m-99999999-x');
    await mkdir(trap);
    await symlink(victim, join(trap, 'link'));
    await symlink(victim, join(shared.path, 'sub1m-99999998-y'));
    await writeFile(join(shared.path, 'sub1m-99999997-z'), '');
    vi.stubEnv('TMPDIR', shared.path);
    await sweepTempDirs();
    expect((await readdir(shared.path)).toSorted()).toEqual([
      'sub1m-99999997-z',
      'sub1m-99999998-y',
      'victim',
    ]);
    expect(existsSync(join(victim, 'file'))).toBe(true);
  });

  // Only root can be two users.
  it.runIf(process.getuid?.() === 0)(
    'is not stopped by a dead folder of another user',
    async () => {
      await using shared = await makeTempDir();
      await chmod(shared.path, 0o1777);
      const [theirs, mine] = ['sub1m-99999999-theirs', 'sub1m-99999998-mine'];
      const nobody = 65_534;
      for (const [name, owner] of [
        [theirs, 0],
        [mine, nobody],
      ] as const) {
        await mkdir(join(shared.path, name, 'sub'), { recursive: true, mode: 0o700 });
        await chown(join(shared.path, name), owner, owner);
        await chown(join(shared.path, name, 'sub'), owner, owner);
      }
      vi.stubEnv('TMPDIR', shared.path);
      // Root would sweep nobody's, too, if it did not ask whose it is.
      await sweepTempDirs();
      expect(await readdir(shared.path)).toEqual([mine]);
      await mkdir(join(shared.path, theirs), { mode: 0o700 });
      process.seteuid?.(nobody);
      try {
        await expect(sweepTempDirs()).resolves.toBeUndefined();
      } finally {
        process.seteuid?.(0);
      }
      expect(await readdir(shared.path)).toContain(theirs);
    },
  );

  it.runIf(process.getuid?.() === 0)('is not stopped by a mount in a dead folder', async () => {
    await using shared = await makeTempDir();
    const [dead, later] = ['sub1m-99999998-mount', 'sub1m-99999999-later'];
    await mkdir(join(shared.path, dead, 'disk'), { recursive: true });
    await mkdir(join(shared.path, later));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', 'none', join(shared.path, dead, 'disk')]);
    vi.stubEnv('TMPDIR', shared.path);
    try {
      await sweepTempDirs();
      expect(await readdir(shared.path)).toEqual(mounted.status === 0 ? [dead] : []);
    } finally {
      spawnSync('umount', [join(shared.path, dead, 'disk')]);
    }
  });
});

describe('refuses TMPDIR', () => {
  it.each([
    ['relative', 'Cannot use TMPDIR: expected an absolute path, found relative; set TMPDIR'],
    ['.', 'Cannot use TMPDIR: expected an absolute path, found .; set TMPDIR'],
  ])('%s', async (path, why) => {
    vi.stubEnv('TMPDIR', path);
    await expect(makeTempDir()).rejects.toThrow(UsageError);
    await expect(makeTempDir()).rejects.toThrow(why);
  });

  it.each([
    ['that is missing', 'missing', 'found none'],
    ['that is a file', 'file', 'found no folder'],
    ['in which anybody can rename what others have', 'open', 'found one open to all'],
  ])('%s', async (_, name, why) => {
    await using temp = await makeTempDir();
    await writeFile(join(temp.path, 'file'), '');
    await mkdir(join(temp.path, 'open'));
    await chmod(join(temp.path, 'open'), 0o777);
    vi.stubEnv('TMPDIR', join(temp.path, name));
    await expect(makeTempDir()).rejects.toThrow(HostError);
    await expect(makeTempDir()).rejects.toThrow(why);
    vi.stubEnv('TMPDIR', temp.path);
    await chmod(join(temp.path, 'open'), 0o1777);
    vi.stubEnv('TMPDIR', join(temp.path, 'open'));
    await using made = await makeTempDir();
    expect(made.path).toContain('open/sub1m-');
  });
});
