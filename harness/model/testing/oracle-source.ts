// SPDX-License-Identifier: MIT
/** Which code of a kernel the oracle is made of, and how that becomes one C file. */

/** A file of the kernel's, and the functions (or lines, by a pattern) that are taken out of it, in this order. */
interface Part {
  readonly file: string;
  /** All up to the line that this matches, where only pieces would do no good. */
  readonly upTo?: RegExp;
  readonly takes?: readonly (string | RegExp)[];
  /** What stubs.h has instead. */
  readonly without?: readonly string[];
}

/** All of a file. */
const END = /^$(?![\s\S])/;

const EFI_QUIRKS = 'arch/x86/platform/efi/quirks.c';
const EFI_X86 = 'arch/x86/platform/efi/efi.c';
const E820 = 'arch/x86/kernel/e820.c';
const SETUP = 'arch/x86/kernel/setup.c';

const HEADERS: readonly Part[] = [
  { file: 'include/linux/memblock.h', upTo: END },
  { file: 'arch/x86/include/asm/e820/types.h', upTo: END },
  { file: 'arch/x86/include/asm/e820/api.h', upTo: END },
  { file: 'include/linux/efi.h', upTo: END },
];

/** Functions that only some kernels have: the driver asks for `HAVE_<name>`. */
const CODE: readonly Part[] = [
  {
    file: 'mm/memblock.c',
    upTo: /^early_param\("memblock"/,
    without: [
      'memblock_free_late',
      '__memblock_free_late',
      '__free_reserved_area',
      'free_reserved_area',
    ],
  },
  { file: 'lib/cmdline.c', takes: ['memparse', 'parse_option_str'] },
  {
    file: 'arch/x86/lib/cmdline.c',
    takes: ['myisspace', '__cmdline_find_option', 'cmdline_find_option'],
  },
  {
    file: E820,
    takes: [
      '__e820__mapped_all',
      'e820__mapped_all',
      '__e820__range_add',
      'e820__range_add',
      /^struct change_member \{[^}]*\};/m,
      /^(?:__initdata )?static struct (?:change_member|e820_entry)\s[^;(]*;/gm,
      'cpcompare',
      'e820_nomerge',
      'e820_type_mergeable',
      'e820__update_table',
      '__append_e820_table',
      'append_e820_table',
      '__e820__range_update',
      'e820__range_update',
      'e820__range_remove',
      'parse_memmap_one',
      'parse_memmap_opt',
      'e820__finish_early_params',
      'e820__memory_setup_default',
      'e820__memory_setup',
      'e820__memblock_setup',
    ],
  },
  { file: 'arch/x86/include/asm/bios_ebda.h', takes: ['get_bios_ebda'] },
  { file: 'arch/x86/kernel/ebda.c', takes: [/^#define BIOS_\w+.*$/gm, 'reserve_bios_regions'] },
  {
    file: SETUP,
    takes: [
      /^static unsigned reserve_low[^;]*;/m,
      'parse_reservelow',
      'trim_snb_memory',
      'trim_bios_range',
      'trim_platform_memory_ranges',
      'trim_low_memory_range',
      'early_reserve_memory',
    ],
  },
  { file: 'arch/x86/kernel/crash.c', takes: ['crash_reserve_low_1M'] },
  {
    file: 'arch/x86/include/asm/realmode.h',
    takes: ['real_mode_size_needed', 'set_real_mode_mem'],
  },
  { file: 'arch/x86/realmode/init.c', takes: ['reserve_real_mode'] },
  {
    file: 'drivers/firmware/efi/memmap.c',
    takes: [
      '__efi_memmap_alloc_early',
      '__efi_memmap_free',
      'efi_memmap_alloc',
      '__efi_memmap_init',
      'efi_memmap_init_early',
      'efi_memmap_unmap',
      'efi_memmap_init_late',
      'efi_memmap_install',
      'efi_memmap_split_count',
      'efi_memmap_insert',
    ],
  },
  {
    file: 'arch/x86/platform/efi/memmap.c',
    takes: [
      '__efi_memmap_alloc_early',
      '__efi_memmap_free',
      'efi_memmap_alloc',
      'efi_memmap_install',
      'efi_memmap_split_count',
      'efi_memmap_insert',
    ],
  },
  {
    file: 'drivers/firmware/efi/efi.c',
    takes: [
      'efi_find_mirror',
      'setup_noefi',
      'parse_efi_cmdline',
      '__efi_mem_desc_lookup',
      'efi_mem_desc_lookup',
      'efi_mem_desc_end',
      'efi_mem_reserve',
      'efi_mem_type',
    ],
  },
  {
    file: 'drivers/firmware/efi/esrt.c',
    takes: [
      /^struct efi_system_resource_entry_v1 \{[^}]*\};/m,
      /^struct efi_system_resource_table \{[^}]*\};/m,
      /^static phys_addr_t esrt_data;/m,
      /^static size_t esrt_data_size;/m,
      /^static struct efi_system_resource_table \*esrt;/m,
      'esrt_table_exists',
      'efi_esrt_init',
    ],
  },
  {
    file: 'drivers/firmware/efi/mokvar-table.c',
    takes: [/^static size_t efi_mokvar_table_size;/m, 'efi_mokvar_table_init'],
  },
  {
    file: EFI_X86,
    takes: [
      /^#define (?:OVERFLOW_ADDR_|U64_HIGH_BIT).*$/gm,
      'setup_add_efi_memmap',
      'efi_find_mirror',
      'do_add_efi_memmap',
      'do_efi_soft_reserve',
      'efi_memblock_x86_reserve_range',
      'efi_memmap_entry_valid',
      'efi_clean_memmap',
      'efi_remove_e820_mmio',
      'efi_init',
    ],
  },
  {
    file: EFI_QUIRKS,
    takes: [
      'efi_arch_mem_reserve',
      'can_free_region',
      'efi_reserve_boot_services',
      /^struct efi_freeable_range \{[^}]*\};/m,
      /^static struct efi_freeable_range \*ranges_to_free;/m,
      'efi_unmap_boot_services',
      'efi_free_boot_services',
    ],
  },
  {
    file: EFI_X86,
    takes: [
      'efi_merge_regions',
      'realloc_pages',
      'efi_map_next_entry_reverse',
      'efi_map_next_entry',
      'should_map_region',
      'efi_map_regions',
      '__efi_enter_virtual_mode',
    ],
  },
];

/** Calls of `setup_arch()` that the oracle makes, too, in the kernel's own order; the rest has no say in low memory. */
const SETUP_ARCH_CALLS: readonly string[] = [
  'memblock_reserve',
  'early_reserve_initrd',
  'early_reserve_memory',
  'e820__memory_setup',
  'parse_setup_data',
  'parse_early_param',
  'efi_memblock_x86_reserve_range',
  'memblock_set_bottom_up',
  'e820__finish_early_params',
  'efi_init',
  'trim_bios_range',
  'memblock_set_current_limit',
  'e820__memblock_setup',
  'reserve_bios_regions',
  'efi_find_mirror',
  'efi_esrt_init',
  'efi_mokvar_table_init',
  'efi_reserve_boot_services',
  'realmode_reserve',
  'reserve_real_mode',
  'trim_platform_memory_ranges',
  'trim_low_memory_range',
  'acpi_boot_init',
];

/** Files of the kernel's that the oracle is made of. */
export const ORACLE_FILES: readonly string[] = [
  ...new Set([...HEADERS, ...CODE].map(({ file }) => file)),
];

/** The C file, `read` gives the text of a file of the kernel's; '' if it has none. Throws if a part is missing. */
export function oracleSource(read: (file: string) => string, folder: string): string {
  return [
    `#include "${folder}/kernel.h"`,
    ...HEADERS.map((part) => textOf(part, read)),
    `#include "${folder}/stubs.h"`,
    ...CODE.map((part) => textOf(part, read)),
    setupArchSteps(read(SETUP)),
    `#include "${folder}/oracle.c"`,
    '',
  ].join('\n');
}

function textOf(
  { file, upTo, takes = [], without = [] }: Part,
  read: (file: string) => string,
): string {
  const text = read(file);
  const whole = upTo ? before(text, upTo, file) : '';
  const pieces = takes.flatMap((take) =>
    typeof take === 'string' ? functionOf(text, take) : piecesOf(text, take),
  );
  const body = without.reduce((left, name) => left.replace(definition(name), ''), whole);
  return [`/* ${file} */`, body.replaceAll(/^#\s*include.*$/gm, ''), ...pieces].join('\n');
}

function before(text: string, end: RegExp, file: string): string {
  const lines = text.split('\n');
  const at = end === END ? lines.length : lines.findIndex((line) => end.test(line));
  if (at === -1) throw new Error(`Cannot make the oracle of ${file}: expected ${end}, found none`);
  return lines.slice(0, at).join('\n');
}

function piecesOf(text: string, pattern: RegExp): string[] {
  return pattern.global
    ? [...text.matchAll(pattern)].map(([all]) => all)
    : (pattern.exec(text)?.slice(0, 1) ?? []);
}

/** A definition begins and ends in the first column. */
function definition(name: string): RegExp {
  return new RegExp(
    String.raw`^(?:[a-z_][\w \t*]*\n?[\w \t*]*)\b${name}\([^;{}]*\)\s*\{[\s\S]*?^\}`,
    'm',
  );
}

function functionOf(text: string, name: string): string[] {
  const found = definition(name).exec(text)?.[0];
  return found === undefined ? [] : [`#define HAVE_${name} 1`, found];
}

function setupArchSteps(setup: string): string {
  const call = new RegExp(String.raw`\b(?:${SETUP_ARCH_CALLS.join('|')})\s*\(`);
  const [body = ''] = definition('setup_arch').exec(setup) ?? [];
  const statements = body
    .slice(body.indexOf('{') + 1)
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^#.*$/gm, '')
    .split(/[;{}]/)
    .filter((statement) => call.test(statement));
  return ['static void setup_arch_steps(void)', '{', ...statements.map((it) => `${it};`), '}'].join(
    '\n',
  );
}
