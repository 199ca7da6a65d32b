// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { keepKernelSymbols, parseKallsyms } from './kallsyms.ts';
import { KERNEL_SYMBOLS } from './kernel-symbols.ts';

describe('/proc/kallsyms', () => {
  it('gives addresses by name, of several the first, and none of a module', () => {
    const text = `ffffffff81000000 T _text
ffffffffc0001000 t real_mode_header\t[virtio_blk]
ffffffff82000000 t efi_free_boot_services
ffffffff83000000 t efi_free_boot_services
ffffffff84000000 t efi_free_boot_service
`;
    expect([...parseKallsyms(text)]).toEqual([
      ['_text', 0xffffffff81000000n],
      ['efi_free_boot_services', 0xffffffff82000000n],
    ]);
  });

  it('gives what ThinLTO renamed by its own name', () => {
    const text = `ffffffff81000000 T machine_kexec
ffffffff82000000 b vmcoreinfo_data_safecopy.llvm.14650912341234
ffffffff83000000 t efi_free_boot_services.llvm.x
ffffffff84000000 t low_pool_setup.cold
`;
    const kept = Buffer.from(keepKernelSymbols(Buffer.from(text))).toString();
    expect([...parseKallsyms(kept)]).toEqual([
      ['machine_kexec', 0xffffffff81000000n],
      ['vmcoreinfo_data_safecopy', 0xffffffff82000000n],
    ]);
  });

  it.each([
    { lie: 'an address of more than 64 bits', line: 'fffffffffffffffff T _stext' },
    { lie: 'no type', line: 'ffffffff81000000 _stext' },
    { lie: 'no name', line: 'ffffffff81000000 T ' },
  ])('is read without a line that has $lie', ({ line }) => {
    expect(parseKallsyms(`${line}\nffffffff81000000 T _text\n`).size).toBe(1);
  });

  it.each(['', 'ffffffff8100', '\u0000'])('is refused if it is "%s"', (text) => {
    const message =
      'Cannot read /proc/kallsyms: expected lines "ffffffff81000000 T _text", found none';
    expect(() => parseKallsyms(text)).toThrow(new FormatError(message));
  });
});

describe('the symbols that a bundle keeps', () => {
  it('are those asked for and no others, whatever stands between', () => {
    const kallsyms = [
      'ffffffff81000000 T _text',
      'ffffffff81000040 t _text_of_another',
      'garbage',
      '',
      'ffffffff82000000 D page_offset_base',
      'ffffffffc0000000 t real_mode_header\t[a_module]',
    ].join('\n');
    expect(Buffer.from(keepKernelSymbols(Buffer.from(kallsyms))).toString()).toBe(
      'ffffffff81000000 T _text\nffffffff82000000 D page_offset_base\n',
    );
  });

  it('are all that can be asked for', () => {
    const all = KERNEL_SYMBOLS.map((name, nr) => `ffffffff8100000${nr % 10} T ${name}\n`).join('');
    const kept = parseKallsyms(Buffer.from(keepKernelSymbols(Buffer.from(all))).toString());
    expect([...kept.keys()]).toEqual([...KERNEL_SYMBOLS]);
    // @ts-expect-error -- a symbol that no bundle keeps: asking for it does not compile.
    expect(kept.has('arch_crash_save_vmcoreinfo')).toBe(false);
  });
});
