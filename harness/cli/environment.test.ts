// SPDX-License-Identifier: MIT
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../process/owned-process.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { sub1mCommand } from '../testing/run-sub1m.ts';
import { readEnvironment } from './environment.ts';

const DATABASE = join(userInfo().homedir, '.cache/sub1m');

describe('the cache', () => {
  it.each([
    ['is in XDG_CACHE_HOME', { HOME: '/h', XDG_CACHE_HOME: '/c' }, '/c/sub1m'],
    ['is in HOME', { HOME: '/h' }, '/h/.cache/sub1m'],
    ['is in no relative XDG_CACHE_HOME', { HOME: '/h', XDG_CACHE_HOME: 'c' }, '/h/.cache/sub1m'],
    ['is where the user database says if HOME is empty', { HOME: '' }, DATABASE],
    ['is there if HOME is relative', { HOME: '.', XDG_CACHE_HOME: '' }, DATABASE],
    ['is there without HOME', {}, DATABASE],
  ])('%s', (_, env, cacheDir) => {
    expect(readEnvironment(env).cacheDir).toBe(cacheDir);
  });
});

describe('what is to last', () => {
  it.each([
    ['is in XDG_STATE_HOME', { HOME: '/h', XDG_STATE_HOME: '/s' }, '/s/sub1m'],
    ['is in HOME', { HOME: '/h', XDG_STATE_HOME: 's' }, '/h/.local/state/sub1m'],
  ])('%s', (_, env, stateDir) => {
    expect(readEnvironment(env).stateDir).toBe(stateDir);
  });
});

it('takes an empty address and an empty file for none', () => {
  const empty = { HOME: '/h', KCIDB_REST: '', GITHUB_STEP_SUMMARY: '' };
  expect(readEnvironment(empty)).toMatchObject({ kcidbRest: undefined, stepSummary: undefined });
});

it('looks for firmware in no relative folder', () => {
  const { firmwareFolders } = readEnvironment({ HOME: '/h', XDG_CONFIG_HOME: '.config' });
  expect(firmwareFolders).toContain('/h/.config/qemu/firmware');
});

// Only root can become a user that is not in the database.
it.runIf(process.getuid?.() === 0)('asks a user without a home folder to set HOME', async () => {
  await using temp = await makeTempDir();
  const as = ['setpriv', '--reuid=12345', '--regid=12345', '--clear-groups', 'env', 'HOME='];
  const script = '"$@" --version 2>&1; echo "status $?"';
  const argv = ['sh', '-c', script, 'sh', ...as, ...sub1mCommand()];
  const { signal } = new AbortController();
  expect(await runCommand(argv, { signal, env: { TMPDIR: temp.path } })).toBe(
    'sub1m: Cannot find your home folder: HOME is no absolute path, ' +
      'and the user database has none for you; set HOME\nstatus 64',
  );
});
