// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { type BuiltKernel, builtKernel, readerOf, writeWords } from '../testing/kernel-builder.ts';
import {
  type LogBufSpec,
  type RecordSpec,
  addLogBuf,
  addPrintk,
} from '../testing/printk-builder.ts';
import { readPrintk, renderPrintk } from './printk.ts';

const RING = 0x8000;

function withRecords(records: readonly RecordSpec[]): BuiltKernel {
  const kernel = builtKernel();
  addPrintk(kernel, RING, records);
  return kernel;
}

const read = (kernel: BuiltKernel): ReturnType<typeof readPrintk> => readPrintk(readerOf(kernel));
const texts = (records: readonly RecordSpec[]): string[] =>
  read(withRecords(records)).map(({ text }) => text);

describe('the ring buffer of printk', () => {
  it('gives all fields of a record', () => {
    const record = { text: 'Linux version', nanoseconds: 5_972_072_999n, callerId: 7, level: 5 };
    expect(read(withRecords([record]))).toEqual([{ ...record, seq: 0n, facility: 0 }]);
  });

  it.each<{ what: string; records: RecordSpec[]; found: string[] }>([
    {
      what: 'committed records, not reserved or free ones',
      records: [
        { text: 'committed', state: 1 },
        { text: 'reserved', state: 0 },
        { text: 'reusable', state: 3 },
        { text: 'finalized', state: 2 },
      ],
      found: ['committed', 'finalized'],
    },
    {
      what: 'a record that wraps to the start of the ring',
      records: [{ text: 'wrapped', begin: 240n, next: 256n + 16n }],
      found: ['wrapped'],
    },
    {
      what: 'an empty line, but no record whose text was lost',
      records: [
        { text: '', begin: 3n, next: 3n },
        { text: '', begin: 1n, next: 1n },
      ],
      found: [''],
    },
    {
      what: 'no malformed block',
      records: [
        { text: 'backwards', begin: 64n, next: 32n },
        { text: 'only an id', begin: 64n, next: 72n },
        { text: 'long', begin: 0n, next: 1n << 40n },
      ],
      found: [],
    },
    {
      what: 'a character for each byte',
      records: [{ text: 'µs \u001b[31m' }],
      found: ['\u00c2\u00b5s \u001b[31m'],
    },
  ])('has $what', ({ records, found }) => {
    expect(texts(records)).toEqual(found);
  });

  it('has no record that was overwritten', () => {
    const kernel = withRecords([{ text: 'old' }, { text: 'new' }]);
    writeWords(kernel.ram, RING + 0x100, [(2n << 62n) | 8n]);
    expect(read(kernel).map(({ text }) => text)).toEqual(['old']);
  });

  it.each<{ lie: string; change: (kernel: BuiltKernel) => void; message: string }>([
    {
      lie: 'too many records',
      change: ({ ram }) => ram.writeUInt32LE(64, RING),
      message: 'count_bits of at most 21, found 0x40',
    },
    {
      lie: 'too much text',
      change: ({ ram }) => ram.writeUInt32LE(31, RING + 48),
      message: 'size_bits for at most 33554432 bytes, found 0x1f',
    },
    {
      lie: 'a member outside its structure',
      change: ({ lines }) => lines.push('OFFSET(printk_info.ts_nsec)=84'),
      message: 'OFFSET(printk_info.ts_nsec) that leaves 8 of 88 bytes, found 0x54',
    },
    {
      lie: 'no size for a structure',
      change: ({ lines }) => lines.splice(lines.indexOf('SIZE(prb_desc)=24'), 1),
      message: 'SIZE(prb_desc) in VMCOREINFO, found none',
    },
    {
      lie: 'records that share their text',
      change: (kernel) => {
        const text = 'x'.repeat(200);
        addPrintk(kernel, RING, [
          { text, begin: 0n },
          { text, begin: 0n },
        ]);
      },
      message: 'text no longer than its ring, found 0x190',
    },
  ])('is refused with $lie', ({ change, message }) => {
    const kernel = withRecords([{ text: 'text' }]);
    change(kernel);
    expect(() => read(kernel)).toThrow(
      new FormatError(`Cannot read the kernel log: expected ${message}`),
    );
  });
});

describe('log_buf, before 5.10', () => {
  function withLog(spec: LogBufSpec = {}): BuiltKernel {
    const kernel = builtKernel();
    addLogBuf(kernel, RING, spec);
    return kernel;
  }

  it('is read across its end', () => {
    expect([...renderPrintk(read(withLog()))]).toEqual([
      '[    1.500000] one',
      '[    1.500000] two',
    ]);
  });

  it('is read from a kernel before 3.11, which calls a record "log"', () => {
    const kernel = withLog();
    const lines = kernel.lines.map((line) => line.replace('printk_log', 'log'));
    expect(read({ ...kernel, lines }).map(({ text }) => text)).toEqual(['one', 'two']);
  });

  it('is not read from a kernel before 3.5, which has no records', () => {
    const kernel = withLog();
    kernel.lines.push('SYMBOL(log_end)=ffffffff80000000');
    expect(() => read(kernel)).toThrow(
      new FormatError(
        'Cannot read the kernel log: expected records, found plain text, as before 3.5',
      ),
    );
  });

  it.each([
    { log: { next: 40 }, message: 'log_next_idx after at most one wrap, found 0x28' },
    { log: { next: 16 }, message: 'log_next_idx at the end of a record, found 0x10' },
    { log: { length: 15 }, message: 'len from 16 to the end of the log, found 0xf' },
    { log: { length: 65 }, message: 'len from 16 to the end of the log, found 0x41' },
    { log: { first: 120 }, message: 'log_next_idx at the end of a record, found 0x20' },
    { log: { size: 2 ** 31 }, message: 'log_buf_len of at most 33554432, found 0x80000000' },
  ])('is refused with $log', ({ log, message }) => {
    expect(() => read(withLog(log))).toThrow(
      new FormatError(`Cannot read the kernel log: expected ${message}`),
    );
  });
});

describe('readPrintk()', () => {
  it('says that there is no log', () => {
    expect(() => read(builtKernel())).toThrow(
      new FormatError(
        'Cannot read the kernel log: expected SYMBOL(prb) or SYMBOL(log_buf) in VMCOREINFO, found none',
      ),
    );
  });
});

describe('renderPrintk()', () => {
  it('indents further lines, and escapes what a terminal would obey', () => {
    const records = [
      { text: 'two\n lines ', nanoseconds: 123_456_789_012_345n },
      { text: '\tµs\r\u001b[31m' },
    ];
    expect([...renderPrintk(read(withRecords(records)))]).toEqual([
      '[123456.789012] two',
      '                 lines ',
      String.raw`[    0.000000] ${'\t'}\xc2\xb5s\x0d\x1b[31m`,
    ]);
  });
});
