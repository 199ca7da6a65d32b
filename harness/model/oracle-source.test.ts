// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { ORACLE_FILES, oracleSource } from './testing/oracle-source.ts';

const FILES: Readonly<Record<string, string>> = {
  'mm/memblock.c': [
    '#include <linux/kernel.h>',
    'int kept;',
    'void __init memblock_free_late(int base)',
    '{',
    '\tstub_has_this();',
    '}',
    'early_param("memblock", early_memblock);',
    'int beyond;',
  ].join('\n'),
  'arch/x86/kernel/ebda.c':
    '#define BIOS_START_MAX\t0x9f000U\nint other;\nvoid reserve_bios_regions(void);\n' +
    'void __init reserve_bios_regions(void)\n{\n\tif (1) {\n\t\tcall();\n\t}\n}\nint after;\n',
  'arch/x86/kernel/setup.c':
    'void __init setup_arch(char **p)\n{\n\t/* efi_init(); */\n\tmemblock_reserve(0,\n\t\t1);\n' +
    '#ifdef X\n\tif (efi_enabled(EFI_BOOT))\n\t\tefi_init();\n#endif\n\tunknown();\n\tx.realmode_reserve();\n}\n',
};

const source = oracleSource((file) => FILES[file] ?? '', '/oracle');

it('takes the functions, and the part of memblock.c, without what the stubs have', () => {
  expect(source).toContain('int kept;');
  expect(source).toContain('#define BIOS_START_MAX\t0x9f000U');
  expect(source).toContain(
    '#define HAVE_reserve_bios_regions 1\nvoid __init reserve_bios_regions(void)\n{',
  );
  for (const left of ['linux/kernel.h', 'stub_has_this', 'beyond', 'int other', 'int after']) {
    expect(source).not.toContain(left);
  }
});

it('makes the calls of setup_arch() that it knows, in their order and on their conditions', () => {
  const steps = source.slice(
    source.indexOf('setup_arch_steps'),
    source.indexOf('#include "/oracle/oracle.c"'),
  );
  expect(steps.replaceAll(/\s+/g, ' ')).toBe(
    'setup_arch_steps(void) { memblock_reserve(0, 1); if (efi_enabled(EFI_BOOT)) efi_init(); x.realmode_reserve(); } ',
  );
});

it('refuses a memblock.c whose end it does not find', () => {
  expect(() => oracleSource(() => '', '/oracle')).toThrow(
    'Cannot make the oracle of mm/memblock.c',
  );
  expect(ORACLE_FILES).toContain('mm/memblock.c');
});
