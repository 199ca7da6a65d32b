// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { CoverageOfKernels, parseGcov, summarise } from './coverage.ts';

const FILE = 'mm/memblock.c';

function gcov(...lines: [line: number, within: string, ...counts: number[]][]): string {
  const told = lines.map(([line_number, function_name, ...counts]) => ({
    line_number,
    function_name,
    branches: counts.map((count) => ({ count, fallthrough: false, throw: false })),
  }));
  const header = { file: '/src/include/linux/list.h', lines: told };
  return JSON.stringify({ files: [header, { file: `/src/${FILE}`, lines: told }] });
}

describe("gcov's output", () => {
  it('has the branches of the file, and not those of its headers', () => {
    const { all, taken } = parseGcov(gcov([7, 'add', 3, 0], [9, 'add']), FILE);
    expect([...all]).toEqual(['mm/memblock.c:7 add 0', 'mm/memblock.c:7 add 1']);
    expect([...taken]).toEqual(['mm/memblock.c:7 add 0']);
  });

  it('takes a branch of an inlined function if one of its copies did', () => {
    const { taken } = parseGcov(gcov([7, 'add', 0, 0], [7, 'add', 0, 1]), FILE);
    expect([...taken]).toEqual(['mm/memblock.c:7 add 1']);
  });

  it.each(['', '{}', '{"files":[{"file":1}]}', gcov([7, 'add', -1])])('is not %j', (text) => {
    expect(() => parseGcov(text, FILE)).toThrow(Error);
  });
});

it('tells by file and function what was never taken', () => {
  const coverage = parseGcov(gcov([9, 'add', 0, 0], [7, 'add', 3, 0], [20, 'find', 0, 1]), FILE);
  expect(summarise(coverage)).toEqual([
    {
      file: FILE,
      branches: 6,
      taken: 2,
      missed: [
        { name: 'add', branches: 3, lines: [7, 9] },
        { name: 'find', branches: 1, lines: [20] },
      ],
    },
  ]);
});

it('says which branches of a kernel no case before had taken', () => {
  const all = new Set(['a', 'b', 'c']);
  const kernels = new CoverageOfKernels([{ image: 'x', branches: ['a'] }]);
  expect(kernels.add('x', { all, taken: new Set(['a', 'b']) })).toEqual(['b']);
  expect(kernels.add('x', { all, taken: new Set(['b']) })).toEqual([]);
  expect(kernels.add('y', { all, taken: new Set(['b']) })).toEqual(['b']);
  expect(kernels.of('x')).toEqual({ all, taken: new Set(['a', 'b']) });
  expect(kernels.of('z')).toEqual({ all: new Set(), taken: new Set() });
});
