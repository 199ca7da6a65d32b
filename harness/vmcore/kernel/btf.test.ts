// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { KERNEL_TYPES, type TypeSpec, btfBytes } from '../testing/btf-builder.ts';
import { renderStruct } from './btf-render.ts';
import { Btf } from './btf.ts';
import { BtfTypes } from './btf-types.ts';
import {
  builtKernel,
  readerOf,
  vaddrOf,
  writeText,
  writeWords,
} from '../testing/kernel-builder.ts';

const open = (types: readonly TypeSpec[]): Btf => new Btf(BtfTypes.parse(btfBytes(types)));
const btf = open(KERNEL_TYPES);

describe('Btf', () => {
  it.each([
    { path: 'task_struct.pid', offset: 0x20 },
    { path: 'task_struct.comm', offset: 0x28 },
    { path: 'task_struct.flags', offset: 8 },
    { path: 'task_struct.flags.state', offset: 9 },
    { path: 'task_struct.parent.pid', offset: undefined },
    { path: 'task_struct.nothing', offset: undefined },
    { path: 'nothing.pid', offset: undefined },
    { path: 'task_struct', offset: undefined },
  ])('has $path at $offset', ({ path, offset }) => {
    expect(btf.offset(path)).toBe(offset);
  });

  it('has the bits of a bit field', () => {
    expect(btf.member('task_struct.flags.signed')).toMatchObject({ bitOffset: 67, bitSize: 4 });
  });

  it('has sizes, and the values of enumerators', () => {
    expect(btf.structSize('task_struct')).toBe(0x40);
    expect(btf.sizeOf(4)).toBe(16);
    expect(btf.enumerators('pageflags')).toEqual(
      new Map([
        ['PG_locked', 0],
        ['PG_reserved', 13],
        ['PG_none', -1],
      ]),
    );
    expect(btf.enumerators('wide')).toEqual(new Map([['WIDE', 2 ** 33 + 1]]));
    expect(btf.enumerators('nothing')).toBeUndefined();
  });

  it('says that there is no such member', () => {
    expect(() => btf.requireOffset('task_struct.nothing')).toThrow(
      new FormatError('Cannot find task_struct.nothing: BTF has 15 types, no such member'),
    );
  });

  it.each<{ lie: string; types: TypeSpec[]; read: (lying: Btf) => unknown; message: string }>([
    {
      lie: 'a type that names itself',
      types: [{ kind: 8, name: 'ring', of: 1 }],
      read: (lying) => lying.resolve(1),
      message: 'type 1 has more than 32 names',
    },
    {
      lie: 'an array of itself',
      types: [{ kind: 3, elements: [[1, 1, 2]] }],
      read: (lying) => lying.sizeOf(1),
      message: 'type 1 has more than 32 dimensions',
    },
    {
      lie: 'a missing type',
      types: [{ kind: 8, name: 'gone', of: 77 }],
      read: (lying) => lying.resolve(1),
      message: 'expected type 77, found 2 types',
    },
  ])('refuses $lie', ({ types, read, message }) => {
    expect(() => read(open(types))).toThrow(new FormatError(`Cannot read BTF: ${message}`));
  });

  it('finds no member in a structure that contains itself', () => {
    const lying = open([{ kind: 4, name: 'self', of: 8, elements: [['', 1, 0]] }]);
    expect(lying.offset('self.member')).toBeUndefined();
  });
});

describe('BtfTypes.parse()', () => {
  const whole = btfBytes(KERNEL_TYPES);
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(value, at);
    return bytes;
  };

  it.each([
    {
      bytes: whole.subarray(0, 23),
      message: 'Cannot read struct btf_header: expected 4 bytes at offset 0x14, found 3',
    },
    {
      bytes: changed(0, 0x1_eb9e),
      message: 'Cannot read BTF: expected magic 0xeb9f, version 1, found 0xeb9e, 1',
    },
    {
      bytes: changed(0, 0x2_eb9f),
      message: 'Cannot read BTF: expected magic 0xeb9f, version 1, found 0xeb9f, 2',
    },
    {
      bytes: whole.subarray(0, -1),
      message: `Cannot read BTF: expected ${whole.readUInt32LE(20)} bytes at offset 0x${(24 + whole.readUInt32LE(16)).toString(16)}, found ${whole.readUInt32LE(20) - 1}`,
    },
    {
      bytes: changed(28, 20 * 2 ** 24),
      message: 'Cannot read BTF: expected a kind below 20 at 0x0, found 20',
    },
    {
      bytes: changed(28, 4 * 2 ** 24 + 0xffff),
      message: `Cannot read BTF: expected all of type 1, found ${whole.readUInt32LE(12)} bytes`,
    },
    { bytes: changed(12, 8), message: 'Cannot read BTF: expected all of type 1, found 8 bytes' },
  ])('refuses it: $message', ({ bytes, message }) => {
    expect(() => BtfTypes.parse(bytes)).toThrow(new FormatError(message));
  });
});

describe('renderStruct()', () => {
  const kernel = builtKernel();
  const { memory } = readerOf(kernel);
  const at = vaddrOf(0x8000);
  writeWords(kernel.ram, 0x8000, [5, 0x1a75n, 7, 0, -2, 0, 0, vaddrOf(0x9000)]);
  writeText(kernel.ram, 0x8028, 'init');

  it('has a line for each member', () => {
    expect(renderStruct(btf, memory, { name: 'task_struct', at, depth: 2 })).toEqual([
      '__state = 0x5',
      '{',
      '  words = [0x1a75, 0x7]',
      '  flags = {',
      '    low = -3',
      '    signed = -2',
      '    state = 26',
      '  }',
      '}',
      'pid = -2',
      'comm = "init"',
      'parent = 0xffffffff80009000',
    ]);
  });

  it('opens no more than it is asked to', () => {
    const lines = renderStruct(btf, memory, { name: 'task_struct', at, depth: 0, lines: 3 });
    expect(lines).toEqual(['__state = 0x5', '{ … }', 'pid = -2', '…']);
  });

  it('says that there is no such structure', () => {
    expect(() => renderStruct(btf, memory, { name: 'nothing', at })).toThrow(
      new FormatError(
        'Cannot render nothing: expected a structure of at most 1048576 bytes, found none',
      ),
    );
  });
});
