// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { bytesSource } from './byte-source.ts';
import { FLAT_END, flatHeader, flatRecord, wholeDump } from '../testing/flattened-builder.ts';
import { checkFlattened, flattenedSource } from './flattened.ts';

const KDUMP = flatRecord({ offset: 0n, data: 'KDUMP   ' });

/** Whether reading succeeds or throws a `FormatError`. */
function isReadOrRefused(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    return error instanceof FormatError;
  }
}

describe('a flattened vmcore', () => {
  it('is complete with header, records and end', () => {
    const source = bytesSource(wholeDump());
    expect(checkFlattened(source)).toEqual({ records: 2, size: 4101 });
  });

  it('may be an ELF core whose pages of zeroes are left out', () => {
    const far = 2n ** 30n;
    const [head, last] = [
      flatRecord({ offset: 0n, data: '\x7fELF' }),
      flatRecord({ offset: far, data: 'end' }),
    ];
    const source = bytesSource(Buffer.concat([flatHeader(), head, last, FLAT_END]));
    expect(checkFlattened(source)).toEqual({ records: 2, size: 2 ** 30 + 3 });
    expect(flattenedSource(source).read(2 ** 29, 4096)).toEqual(new Uint8Array(4096));
  });

  it('is complete even if the disk it was written to is longer', () => {
    const source = bytesSource(Buffer.concat([wholeDump(), new Uint8Array(10_000)]));
    expect(checkFlattened(source)).toEqual({ records: 2, size: 4101 });
  });

  it('is read whether records are larger or smaller than the read-ahead', () => {
    const records = [1, 70_000, 3, 65_520, 65_536, 1].map((length, index) =>
      flatRecord({ offset: BigInt(index), data: 'x'.repeat(length) }),
    );
    const source = bytesSource(Buffer.concat([flatHeader(), KDUMP, ...records, FLAT_END]));
    expect(checkFlattened(source)).toEqual({ records: 7, size: 70_001 });
  });

  it.each([
    { left: 0, message: 'expected 4096 bytes at offset 0x0, found 0' },
    { left: 4095, message: 'expected 4096 bytes at offset 0x0, found 4095' },
    { left: 4096, message: 'expected 16 bytes at offset 0x1000, found 0' },
    { left: 4111, message: 'expected 16 bytes at offset 0x1000, found 15' },
    { left: 4112, message: 'expected 12 bytes at offset 0x1010, found 0' },
    { left: 4123, message: 'expected 12 bytes at offset 0x1010, found 11' },
    { left: 4124, message: 'expected 16 bytes at offset 0x101c, found 0' },
    { left: 4160, message: 'expected 16 bytes at offset 0x1031, found 15' },
  ])('is refused when it is cut after $left bytes', ({ left, message }) => {
    expect(() => checkFlattened(bytesSource(wholeDump().subarray(0, left)))).toThrow(
      new FormatError(`Cannot read the flattened vmcore: ${message}`),
    );
  });

  it.each([
    {
      lie: 'another signature',
      bytes: [new Uint8Array(4096)],
      message: 'expected signature "makedumpfile", found ""',
    },
    {
      lie: 'no dump in it',
      bytes: [flatHeader(), FLAT_END],
      message:
        'expected a record at offset 0 that begins a kdump-compressed or ELF dump, found none',
    },
    {
      lie: 'another dump in it',
      bytes: [flatHeader(), flatRecord({ offset: 0n, data: 'DISKDUMP' }), FLAT_END],
      message:
        'expected a record at offset 0 that begins a kdump-compressed or ELF dump, found none',
    },
    {
      lie: 'a record with a negative offset',
      bytes: [flatHeader(), flatRecord({ offset: -2n, data: 'x' })],
      message: 'record at 0x1000 has offset -2, size 1',
    },
    {
      lie: 'a record with no data',
      bytes: [flatHeader(), flatRecord({ offset: 0n, data: '' })],
      message: 'record at 0x1000 has offset 0, size 0',
    },
    {
      lie: 'a record with a negative size',
      bytes: [flatHeader(), flatRecord({ offset: 0n, data: '', size: -16n })],
      message: 'record at 0x1000 has offset 0, size -16',
    },
    {
      lie: 'a record beyond 2^53',
      bytes: [flatHeader(), flatRecord({ offset: 2n ** 62n, data: 'x' })],
      message: 'record at 0x1000 has offset 4611686018427387904, size 1',
    },
    {
      lie: 'a record larger than the file',
      bytes: [flatHeader(), flatRecord({ offset: 0n, data: 'x', size: 2n ** 40n })],
      message: 'expected 1099511627776 bytes at offset 0x1010, found 1',
    },
  ])('is refused with $lie', ({ bytes, message }) => {
    expect(() => checkFlattened(bytesSource(Buffer.concat(bytes)))).toThrow(
      new FormatError(`Cannot read the flattened vmcore: ${message}`),
    );
  });

  it.each([
    { header: flatHeader(2n), found: '2, 1' },
    { header: flatHeader(1n, 2n), found: '1, 2' },
  ])('is known but not read with type and version $found', ({ header, found }) => {
    const message = `Cannot read the flattened vmcore: expected type 1, version 1, found ${found}`;
    expect(() => checkFlattened(bytesSource(header))).toThrow(new UnsupportedFormatError(message));
  });

  it('is refused when the file is shorter than its size says', () => {
    const source = { ...bytesSource(wholeDump()), size: 1e6 };
    const short = { ...source, read: () => new Uint8Array(10) };
    expect(() => checkFlattened(short)).toThrow(
      new FormatError(
        'Cannot read the flattened vmcore: expected 4096 bytes at offset 0x0, found 10',
      ),
    );
  });

  it('is read or refused, whatever bytes follow its header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const source = bytesSource(Buffer.concat([flatHeader(), KDUMP, bytes]));
        expect(isReadOrRefused(() => checkFlattened(source))).toBe(true);
      }),
    );
  });
});

const put = (offset: number, data: string): Uint8Array =>
  flatRecord({ offset: BigInt(offset), data });

function putTogether(records: readonly Uint8Array[]): string {
  const source = bytesSource(Buffer.concat([flatHeader(), ...records, FLAT_END]));
  const dump = flattenedSource(source);
  return Buffer.from(dump.read(0, dump.size)).toString('latin1').replaceAll('\0', '.');
}

// A million records take seconds on a busy host.
describe('flattenedSource()', { timeout: 60_000 }, () => {
  it.each([
    { what: 'nothing', records: [], dump: '' },
    { what: 'records out of order', records: [put(3, 'def'), put(0, 'abc')], dump: 'abcdef' },
    { what: 'a gap', records: [put(1, 'b'), put(4, 'e')], dump: '.b..e' },
    {
      what: 'a header that is rewritten',
      records: [put(0, 'abcd'), put(1, 'X')],
      dump: 'aXcd',
    },
    {
      what: 'one that overlaps its neighbours',
      records: [put(0, 'abc'), put(3, 'def'), put(2, 'XY')],
      dump: 'abXYef',
    },
    {
      what: 'one that covers others',
      records: [put(2, 'x'), put(4, 'y'), put(0, 'abcdef')],
      dump: 'abcdef',
    },
  ])('puts together $what', ({ records, dump }) => {
    expect(putTogether(records)).toBe(dump);
  });

  it('gives the same as writing the records one after the other', () => {
    const record = fc.tuple(fc.nat(60), fc.stringMatching(/^[a-z]{1,20}$/));
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), (specs) => {
        const size = Math.max(...specs.map(([offset, data]) => offset + data.length));
        const whole = Buffer.alloc(size, '.');
        for (const [offset, data] of specs) whole.write(data, offset);
        expect(putTogether(specs.map(([offset, data]) => put(offset, data)))).toBe(
          whole.toString('latin1'),
        );
      }),
    );
  });

  it.each([
    {
      lie: 'an end before its end',
      bytes: wholeDump().subarray(0, 4130),
      message: 'expected 16 bytes at offset 0x101c, found 6',
    },
    {
      lie: 'a record far away',
      bytes: Buffer.concat([flatHeader(), put(2 ** 40, 'x'), FLAT_END]),
      message: 'record at 0x1000 belongs at 0x10000000000, far beyond a dump of this size',
    },
    {
      lie: 'more records than a dump has',
      bytes: Buffer.concat([flatHeader(), ...Array<Uint8Array>(2 ** 20 + 1).fill(put(0, 'x'))]),
      message: 'expected at most 1048576 records, found more',
    },
  ])('refuses $lie', ({ bytes, message }) => {
    expect(() => flattenedSource(bytesSource(bytes))).toThrow(
      new FormatError(`Cannot read the flattened vmcore: ${message}`),
    );
  });
});
