// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import {
  type BuiltKallsyms,
  type KallsymsStyle,
  type SymbolSpec,
  addKallsyms,
  symbolLine,
} from '../testing/kallsyms-builder.ts';
import { type Kallsyms, readKallsyms } from './kallsyms.ts';
import { type BuiltKernel, builtKernel, readerOf, vaddrOf } from '../testing/kernel-builder.ts';

const STEXT = 0x10_0000;
const TABLES = 0x20_0008;

const PER_CPU: SymbolSpec[] = [{ name: 'current_task', offset: 0x1c0, perCpu: true }];

/** Enough for two markers; two aliases, and two of the same name. */
const SYMBOLS: SymbolSpec[] = [
  { name: '_stext', offset: STEXT },
  { name: '_text', offset: STEXT },
  { name: 'T_kernel_entry', offset: STEXT + 0x40 },
  { name: 'twice', offset: STEXT + 0x80 },
  { name: 'twice', offset: STEXT + 0x90 },
  ...Array.from({ length: 300 }, (_, index) => ({
    name: `kernel_function_${index}`,
    offset: STEXT + 0x100 + index * 0x10,
  })),
  { name: `long_${'x'.repeat(200)}`, offset: STEXT + 0x2000 },
];

function withKallsyms(
  style: KallsymsStyle,
  symbols = SYMBOLS,
): BuiltKernel & { readonly tables: BuiltKallsyms } {
  const kernel = builtKernel();
  kernel.lines.push(symbolLine('_stext', STEXT));
  const tables = addKallsyms(kernel, TABLES, { symbols, style });
  return { ...kernel, tables };
}

function read(kernel: BuiltKernel): Kallsyms {
  const { memory, vmcoreinfo } = readerOf(kernel);
  return readKallsyms(memory, vmcoreinfo);
}

describe.each<{ style: KallsymsStyle; perCpu: boolean }>([
  { style: '4.4 absolute', perCpu: false },
  { style: '4.18', perCpu: true },
  { style: '5.10', perCpu: true },
  { style: '5.10 absolute', perCpu: false },
  { style: '6.1', perCpu: true },
  { style: '6.12', perCpu: false },
  { style: '7.3', perCpu: false },
])('kallsyms as in $style', ({ style, perCpu }) => {
  // Before 6.1 no name has 128 tokens.
  const known = /^[45]/.test(style) ? SYMBOLS.slice(0, -1) : SYMBOLS;
  const symbols = [...(perCpu ? PER_CPU : []), ...known];
  const kallsyms = read(withKallsyms(style, symbols));

  it('has every symbol at its address', () => {
    expect(kallsyms.size).toBe(symbols.length);
    expect([...kallsyms]).toEqual(
      symbols.map(({ name, offset, perCpu: isPerCpu }) => ({
        name,
        type: 'T',
        address: isPerCpu ? BigInt(offset) : vaddrOf(offset),
      })),
    );
  });

  it.each([
    { name: '_stext', address: vaddrOf(STEXT) },
    { name: 'kernel_function_299', address: vaddrOf(STEXT + 0x100 + 299 * 0x10) },
    { name: 'twice', address: vaddrOf(STEXT + 0x80) },
    { name: 'nowhere', address: undefined },
    { name: '', address: undefined },
  ])('finds $name by name', ({ name, address }) => {
    expect(kallsyms.address(name)).toBe(address);
  });

  it.each([
    { offset: STEXT, text: '_stext+0x0' },
    { offset: STEXT + 0x44, text: 'T_kernel_entry+0x4' },
    { offset: STEXT + 0x10f, text: 'kernel_function_0+0xf' },
    { offset: STEXT - 1, text: '0xffffffff800fffff' },
    { offset: 0x30_0000, text: '0xffffffff80300000' },
  ])('renders $text', ({ offset, text }) => {
    expect(kallsyms.render(vaddrOf(offset))).toBe(text);
  });
});

describe('Kallsyms', () => {
  const kallsyms = read(withKallsyms('6.12'));

  it('finds no symbol outside the kernel image', () => {
    expect(kallsyms.find(0x1c0n)).toBeUndefined();
  });

  it('searches by pattern up to a limit', () => {
    const names = kallsyms.search(/_29\d$/, 3).map(({ name }) => name);
    expect(names).toEqual(['kernel_function_290', 'kernel_function_291', 'kernel_function_292']);
  });

  it('says that there is no such symbol', () => {
    expect(() => kallsyms.requireAddress('nowhere')).toThrow(
      new FormatError(
        'Cannot find nowhere: kallsyms has 306 symbols, none of this name: it has only functions, ' +
          'without CONFIG_KALLSYMS_ALL',
      ),
    );
  });
});

it('does not blame CONFIG_KALLSYMS_ALL where there are variables', () => {
  const symbols = [...SYMBOLS.slice(0, -1), { name: 'jiffies', type: 'D', offset: STEXT + 0x3000 }];
  expect(() => read(withKallsyms('6.12', symbols)).requireAddress('nowhere')).toThrow(
    new FormatError('Cannot find nowhere: kallsyms has 306 symbols, none of this name'),
  );
});

describe('readKallsyms()', () => {
  it.each<{ lie: string; change: (kernel: BuiltKernel) => void; message: string }>([
    {
      lie: 'no _stext',
      change: ({ lines }) => lines.splice(3, 1),
      message: 'Cannot read kallsyms: expected SYMBOL(_stext) in VMCOREINFO, found none',
    },
    {
      lie: '_stext elsewhere',
      change: ({ lines }) => lines.push(symbolLine('_stext', STEXT + 1)),
      message:
        'Cannot read kallsyms: expected an encoding in which _stext is 0xffffffff80100001, found none',
    },
    {
      lie: 'more names than there are',
      change: ({ ram }) => ram.writeUInt32LE(1_000_000, TABLES),
      message: 'Cannot read kallsyms_names: expected 1000000 names, found 306 in 4944 bytes',
    },
    {
      lie: 'an impossible number of names',
      change: ({ ram }) => ram.writeUInt32LE(0xffff_ffff, TABLES),
      message:
        'Cannot read kallsyms: expected at most 50331648 bytes of 2000000 names, found 4944 bytes of 4294967295 names',
    },
    {
      lie: 'tokens before names',
      change: ({ lines }) => lines.push(symbolLine('kallsyms_token_table', TABLES - 8)),
      message:
        'Cannot read kallsyms: expected at most 50331648 bytes of 2000000 names, found -16 bytes of 306 names',
    },
    {
      lie: 'tokens without an end',
      change: ({ lines }) => lines.push(symbolLine('kallsyms_token_index', 0x30_0000)),
      message: 'Cannot read kallsyms_token_table: expected at most 65536 bytes, found 1043616',
    },
  ])('refuses $lie', ({ change, message }) => {
    const kernel = withKallsyms('6.12');
    change(kernel);
    expect(() => read(kernel)).toThrow(new FormatError(message));
  });

  it.each<KallsymsStyle>(['6.1', '6.3', '6.12', '7.3'])(
    'finds the tables as in %s in a kernel that died before it had VMCOREINFO',
    (style) => {
      const kernel = withKallsyms(style);
      const lines = kernel.lines.filter((line) => !line.includes('kallsyms_'));
      const kallsyms = read({ ...kernel, lines });
      expect(kallsyms.size).toBe(SYMBOLS.length);
      expect(kallsyms.address('kernel_function_299')).toBe(vaddrOf(STEXT + 0x100 + 299 * 0x10));
    },
  );

  it.each([
    { lie: 'other tokens', table: 'tokenTable' },
    { lie: 'an index of other tokens', table: 'tokenIndex' },
    { lie: 'other markers', table: 'markers' },
    { lie: 'other names', table: 'names' },
  ] as const)('finds nothing in a kernel of 5.10 with $lie', ({ table }) => {
    const kernel = withKallsyms('5.10', SYMBOLS.slice(0, -1));
    kernel.ram.fill(0x11, kernel.tables[table], kernel.tables[table] + 8);
    expect(() => read(kernel)).toThrow(
      new FormatError(
        'Cannot find kallsyms: expected its token table in 0x4000000 bytes after _stext, found none',
      ),
    );
  });
});
