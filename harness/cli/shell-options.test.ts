// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { parseGet, parsePut, shellCell, shellLine } from './shell-options.ts';

const COPY = { local: 'a', remote: 'b' };
const OPTIONS = { kernel: 'debian:6.12', in: 'system', put: [], get: [], budget: 1 } as const;

describe('shellCell()', () => {
  it.each([
    { options: {}, crashkernel: null },
    { options: { crashkernel: ['192M'] }, crashkernel: '192M' },
    { options: { in: 'capture' as const }, crashkernel: '256M' },
    { options: { in: 'capture' as const, crashkernel: ['192M'] }, crashkernel: '192M' },
  ])('gives $options the crashkernel $crashkernel', ({ options, crashkernel }) => {
    const { spec } = shellCell({ ...OPTIONS, ...options });
    expect(spec).toMatchObject({ crashkernel, vmcore: 'none', truth: 'none' });
  });

  it.each([
    {
      options: { cpus: [1, 2] },
      message: 'Cannot open a shell in several cells: give each option one value',
    },
    {
      options: { in: 'capture' as const, crashkernel: [null] },
      message:
        'Cannot get to the capture kernel with --crashkernel none: leave it out, or pass 256M',
    },
    {
      options: { in: 'capture' as const, trigger: ['none'] },
      message: 'Cannot get to the capture kernel with --trigger none: it takes a panic',
    },
    {
      options: { serial: true as const, get: [COPY] },
      message: 'Cannot copy files over a serial port: leave out --serial',
    },
  ])('refuses $options', ({ options, message }) => {
    expect(() => shellCell({ ...OPTIONS, ...options })).toThrow(new UsageError(message));
  });
});

it.each([
  [[], undefined],
  [['head -3 /proc/iomem | wc'], 'head -3 /proc/iomem | wc'],
  [['ls', '-l', "it's here"], String.raw`'ls' '-l' 'it'\''s here'`],
])('turns %j into the line %j', (words, line) => {
  expect(shellLine(words)).toBe(line);
});

describe('files to copy', () => {
  it('are a pair of a file on the host and one in the guest', async () => {
    await using temp = await makeTempDir();
    const local = join(temp.path, 'a:b');
    await writeFile(local, '');
    expect(parsePut(`${local}:/tmp/c`, [COPY])).toEqual([COPY, { local, remote: '/tmp/c' }]);
    const remote = '/proc/vmcore';
    expect(parseGet(`${remote}:${local}`, [])).toEqual([{ local, remote }]);
    expect(parseGet(`${remote}:${temp.path}`, [])).toEqual([
      { local: join(temp.path, 'vmcore'), remote },
    ]);
  });

  it.each([
    [parsePut, '/etc/passwd', 'Expected <local>:<remote>.'],
    [parsePut, '/etc/passwd:', 'Expected <local>:<remote>.'],
    [parsePut, '/no such file:/tmp/a', 'There is no file /no such file.'],
    [parsePut, '/etc:/tmp/a', 'There is no file /etc.'],
    [parseGet, ':a', 'Expected <remote>:<local>.'],
    [parseGet, '/tmp/a:/no such/b', 'There is no folder /no such.'],
  ])('are refused by %o: %s', (parse, text, message) => {
    expect(() => parse(text, [])).toThrow(new InvalidArgumentError(message));
  });
});
