// SPDX-License-Identifier: MIT

/**
 * The kernel symbols that sub1m asks for. A bundle keeps the lines of these alone, so a symbol that
 * is not here cannot be asked for: `KernelSymbols` does not take its name.
 */
export const KERNEL_SYMBOLS = [
  '__asan_loadN',
  '_stext',
  '_text',
  'crash_reserve_low_1M',
  'crashk_res',
  'efi_bgrt_init',
  'efi_esrt_init',
  'efi_free_boot_services',
  'efi_mem_reserve',
  'efi_memmap_insert',
  'efi_mokvar_table_init',
  'efi_unmap_boot_services',
  'emergency_restart',
  'ftrace_enabled',
  'kho_is_enabled',
  'low_pool_hold',
  'low_pool_setup',
  'machine_kexec',
  'memblock_reserved_mark_kern',
  'page_offset_base',
  'parse_reservelow',
  'real_mode_blob',
  'real_mode_blob_end',
  'real_mode_header',
  'reserve_real_mode',
  'vmcoreinfo_data_safecopy',
] as const;

/** See `KERNEL_SYMBOLS`. */
export type KernelSymbol = (typeof KERNEL_SYMBOLS)[number];
