// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError, MissingPageError } from '../../errors.ts';
import { RAM_BYTES, builtKernel, readerOf, vaddrOf } from '../testing/kernel-builder.ts';

describe('VirtualMemory', () => {
  const kernel = builtKernel();
  const { memory } = readerOf(kernel);

  it('reads across two pages', () => {
    kernel.ram.write('over the border', 0x1f_fff8);
    expect(Buffer.from(memory.read(vaddrOf(0x1f_fff8), 15)).toString()).toBe('over the border');
    expect(memory.text(vaddrOf(0x1f_fff8), 100)).toBe('over the border');
    expect(memory.translate(vaddrOf(0x20_0000))).toBe(0x20_0000);
  });

  it('reads numbers', () => {
    kernel.ram.writeBigInt64LE(-2n, 0x8000);
    const at = vaddrOf(0x8000);
    expect([memory.u8(at), memory.u16(at), memory.u32(at)]).toEqual([0xfe, 0xfffe, 0xfffffffe]);
    expect([memory.i32(at), memory.u64(at)]).toEqual([-2, 0xfffffffffffffffen]);
  });

  it('needs no page after the end of a text', () => {
    kernel.ram.write('end\0', RAM_BYTES - 4);
    expect(memory.text(vaddrOf(RAM_BYTES - 4), 4096)).toBe('end');
    expect(memory.text(vaddrOf(RAM_BYTES - 4), 2)).toBe('en');
  });

  it('names the address that is not there', () => {
    expect(() => memory.read(vaddrOf(RAM_BYTES - 4), 8)).toThrow(
      new MissingPageError(
        'Cannot translate 0xffffffff80400000: the level 2 entry at 0x3010 is not present (0x0)',
      ),
    );
  });

  it.each([{ length: -1 }, { length: 0.5 }, { length: 2 ** 40 }])(
    'refuses to read $length bytes',
    ({ length }) => {
      expect(() => memory.read(vaddrOf(0), length)).toThrow(
        new FormatError(
          `Cannot read memory at 0xffffffff80000000: expected at most 67108864 bytes, asked for ${length}`,
        ),
      );
    },
  );
});
