// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { projectPath } from '../../project-root.ts';
import { parseVmcoreReads } from './vmcore-reads.ts';

const run = promisify(execFile);

describe('parseVmcoreReads()', () => {
  it('reads what the program writes', () => {
    const text = [
      'vmcore-reads 1',
      'seed 7',
      'took 201',
      'pages 100',
      'unmapped 11',
      'try edges 18 2',
      'bytes 0x2000 4096 0x2010 0x1 0xff00000000000000',
      'result 0x3000 4096 4096 -14',
      'try pages 64 0',
      'done',
      '',
    ];
    const edges = {
      count: 18,
      wrong: 2,
      first: [
        {
          offset: 0x2000,
          length: 4096,
          at: 0x2010,
          want: '0000000000000001',
          found: 'ff00000000000000',
        },
        { offset: 0x3000, length: 4096, at: null, want: '4096', found: '-14' },
      ],
    };
    expect(parseVmcoreReads(text.join('\n'))).toEqual({
      seed: '7',
      pages: 100,
      unmapped: 11,
      killedBy: null,
      tries: new Map([
        ['edges', edges],
        ['pages', { count: 64, wrong: 0, first: [] }],
      ]),
    });
  });

  it.each([
    ['', '"vmcore-reads 1" first'],
    ['vmcore-reads 2\ndone\n', '"vmcore-reads 1" first'],
    ['vmcore-reads 1\nseed 7\n', '"done" last'],
    ['vmcore-reads 1\nseed 7\nended 1\n', '"done" last'],
    [
      'vmcore-reads 1\ncannot open the vmcore: errno 2\nended 1\n',
      'a line that it writes as line 2',
    ],
    [`vmcore-reads 1\ntry ${'x'.repeat(17)} 1 0\ndone\n`, 'a line that it writes as line 2'],
    ['vmcore-reads 1\ntry a 1e9 0\ndone\n', 'a line that it writes as line 2'],
    [
      'vmcore-reads 1\nbytes 0x10000000000000 1 0x0 0x0 0x1\ndone\n',
      'a line that it writes as line 2',
    ],
  ])('does not take %j', (text, expected) => {
    expect(() => parseVmcoreReads(text)).toThrow(
      new FormatError(`Cannot read what read-vmcore wrote: expected ${expected}`),
    );
  });

  it('reads no more than the program can have written', () => {
    const text = `vmcore-reads 1\n${'try a 1 0\n'.repeat(10_000)}done\n`;
    expect(() => parseVmcoreReads(text)).toThrow('expected a line that it writes as line 6554');
  });

  it.each(['sample', 'all'])('reads what the program says of a sound file (%s)', async (which) => {
    await using temp = await makeTempDir();
    const [program, file] = [join(temp.path, 'read-vmcore'), join(temp.path, 'file')];
    await run(projectPath('guest/dump/build.sh'), ['reads', program]);
    const bytes = Buffer.from(Uint32Array.from({ length: 65_536 }, (_, at) => at * 7).buffer);
    await writeFile(file, bytes);
    const { stdout } = await run(program, [file, '42', which]);
    const { seed, pages, unmapped, tries } = parseVmcoreReads(stdout);
    expect({ seed, pages, unmapped }).toEqual({ seed: '42', pages: 64, unmapped: null });
    expect([...tries.values()].filter(({ count, wrong }) => count === 0 || wrong > 0)).toEqual([]);
    expect(tries.get('pages')?.count).toBeGreaterThanOrEqual(64);
  });
});
