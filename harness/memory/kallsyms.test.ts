// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { parseKallsyms } from './kallsyms.ts';

describe('/proc/kallsyms', () => {
  it('gives addresses by name, modules included, the first of several', () => {
    const text = `ffffffff81000000 T _text
ffffffffc0001000 t init_module\t[virtio_blk]
ffffffff82000000 t efi_free_boot_services
ffffffff83000000 t efi_free_boot_services
`;
    expect([...parseKallsyms(text)]).toEqual([
      ['_text', 0xffffffff81000000n],
      ['init_module', 0xffffffffc0001000n],
      ['efi_free_boot_services', 0xffffffff82000000n],
    ]);
  });

  it.each([
    { lie: 'an address of more than 64 bits', line: 'fffffffffffffffff T _end' },
    { lie: 'no type', line: 'ffffffff81000000 _end' },
    { lie: 'no name', line: 'ffffffff81000000 T ' },
  ])('is read without a line that has $lie', ({ line }) => {
    expect(parseKallsyms(`${line}\nffffffff81000000 T _text\n`).size).toBe(1);
  });

  it.each(['', 'ffffffff8100', '\u0000'])('is refused if it is "%s"', (text) => {
    const message =
      'Cannot read /proc/kallsyms: lines "ffffffff81000000 T _text" wanted, none found';
    expect(() => parseKallsyms(text)).toThrow(new FormatError(message));
  });
});
