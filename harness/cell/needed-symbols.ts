// SPDX-License-Identifier: MIT

/** The kernel symbols that `check/` looks at: where the trampoline is, what tells the policy, which tables it keeps. */
const NEEDED_SYMBOLS = new Set([
  '_stext',
  '_text',
  'crash_reserve_low_1M',
  'crashk_res',
  'efi_bgrt_init',
  'efi_esrt_init',
  'efi_free_boot_services',
  'efi_mokvar_table_init',
  'efi_unmap_boot_services',
  'emergency_restart',
  'ftrace_enabled',
  'low_pool_setup',
  'machine_kexec',
  'page_offset_base',
  'parse_reservelow',
  'real_mode_blob',
  'real_mode_blob_end',
  'real_mode_header',
  'reserve_real_mode',
  'vmcoreinfo_data_safecopy',
]);

/** Cuts `/proc/kallsyms` down to the lines of needed symbols: a bundle need not hold seven megabytes of the others. */
export function keepNeededSymbols(kallsyms: Uint8Array): Uint8Array {
  const lines = Buffer.from(kallsyms).toString('latin1').split('\n');
  const kept = lines.filter((line) => NEEDED_SYMBOLS.has(line.slice(line.lastIndexOf(' ') + 1)));
  return Buffer.from(`${kept.join('\n')}\n`, 'latin1');
}
