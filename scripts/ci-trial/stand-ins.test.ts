// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../../harness/process/temp-dir.ts';
import { STAND_INS } from './stand-ins.ts';

let temp: TempDir;

beforeEach(async () => {
  temp = await makeTempDir();
});

afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

const at = (path: string): string => join(temp.path, path);

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), text);
}

/** Calls the stand-in of an action in a workspace. */
async function act(
  action: string,
  workspace: string,
  inputs: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const [, standIn] = Object.entries(STAND_INS).find(([name]) => name.startsWith(action)) ?? [];
  if (!standIn) throw new Error(`no stand-in for ${action}`);
  return standIn.act(inputs, { store: at('store'), workspace: at(workspace) });
}

describe('artifacts', () => {
  it('are taken by name into the workspace, by pattern into a folder each', async () => {
    await write('one/history.jsonl', 'h');
    await write('one/out/run/run.json', 'r');
    await write('one/out/.hidden', 'x');
    await act('actions/upload', 'one', { name: 'history', path: 'history.jsonl' });
    await act('actions/upload', 'one', { name: 'cells-1', path: 'out' });
    await act('actions/download', 'two', { name: 'history' });
    await act('actions/download', 'two', { pattern: 'cells-*', path: 'shards' });
    expect(await readFile(at('two/history.jsonl'), 'utf8')).toBe('h');
    expect(await readdir(at('two/shards/cells-1'))).toEqual(['run']);
    expect(await readdir(at('two/shards'))).toEqual(['cells-1']);
  });

  it.each([
    ['download', { name: 'none' }, 'ENOENT'],
    ['upload', { name: 'a', path: 'none' }, 'ENOENT'],
    ['upload', { name: 'cells-1/3', path: 'out' }, 'no name of an artifact: cells-1/3'],
    ['upload', { name: 'a', path: 'out' }, 'no name of a file of an artifact: a:b'],
  ])('fail to %s %j', async (action, inputs, message) => {
    await write('one/out/a:b', 'x');
    await expect(act(`actions/${action}`, 'one', inputs)).rejects.toThrow(message);
  });
});

describe('caches', () => {
  const [path, others] = ['cache', 'a-1-\na-'];

  it('are found by their key, else the newest by the first prefix that fits; and never change', async () => {
    for (const key of ['a-2-x', 'a-1-x', 'a-1-y', 'a-3-x', 'a-1-y']) {
      await write('one/cache/key', key);
      await act('actions/cache/save', 'one', { path, key });
      await write('one/cache/key', 'changed');
    }
    const restore = (key: string): Promise<Record<string, string>> =>
      act('actions/cache/restore', 'two', { path, key, 'restore-keys': others });
    expect(await restore('a-2-x')).toEqual({ 'cache-hit': 'true', 'cache-matched-key': 'a-2-x' });
    expect(await restore('none')).toEqual({ 'cache-hit': 'false', 'cache-matched-key': 'a-1-y' });
    expect(await readFile(at('two/cache/key'), 'utf8')).toBe('a-1-y');
  });

  it('may be missing', async () => {
    expect(await act('actions/cache/restore', 'two', { path, key: 'a' })).toEqual({
      'cache-hit': '',
    });
    expect(existsSync(at('two/cache'))).toBe(false);
  });
});
