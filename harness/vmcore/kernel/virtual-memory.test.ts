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

  it('fills an area with the pages that are there, and passes over what is not mapped', () => {
    kernel.ram.write('the last page', RAM_BYTES - 4096);
    const area = Buffer.alloc(0x20_0000);
    expect(memory.readPresent(vaddrOf(RAM_BYTES - 2 * 4096), area)).toBe(2);
    expect(area.toString('latin1', 4096, 4096 + 13)).toBe('the last page');
    expect(area.subarray(2 * 4096).every((byte) => byte === 0)).toBe(true);
    expect(memory.readPresent(vaddrOf(RAM_BYTES), area)).toBe(0);
  });

  it('leaves out the pages of a mapping that the dump does not have', () => {
    const missing = 0x30_0000;
    const read: typeof kernel.physical.read = (start, length) => {
      if (start < missing + 4096 && start + length > missing) throw new MissingPageError('gone');
      return kernel.physical.read(start, length);
    };
    const partial = readerOf({ lines: kernel.lines, physical: { ...kernel.physical, read } });
    const area = Buffer.alloc(4 * 4096);
    kernel.ram.fill(7, missing - 4096, missing + 3 * 4096);
    expect(partial.memory.readPresent(vaddrOf(missing - 4096), area)).toBe(3);
    expect([0, 1, 2, 3].map((page) => area[page * 4096])).toEqual([7, 0, 7, 7]);
  });

  it('goes on page by page where the dump has no page table', () => {
    const read: typeof kernel.physical.read = (start, length) => {
      // The last table.
      if (start >= 0x3000 && start < 0x4000) throw new MissingPageError('gone');
      return kernel.physical.read(start, length);
    };
    const partial = readerOf({ lines: kernel.lines, physical: { ...kernel.physical, read } });
    expect(partial.memory.readPresent(vaddrOf(0), Buffer.alloc(3 * 4096))).toBe(0);
  });

  it('refuses an area at an address that no processor has', () => {
    expect(() => memory.readPresent(1n << 63n, Buffer.alloc(4096))).toThrow(
      new FormatError(
        'Cannot translate 0x8000000000000000: expected a canonical address of 48 bits',
      ),
    );
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
