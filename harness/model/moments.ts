// SPDX-License-Identifier: MIT

/** The moments at which it matters who owns a page, in order. */
export const MOMENTS = {
  early: 'after early reservation (setup_arch)',
  'hand-over': 'at the hand-over to the page allocator (memblock_free_all)',
  'boot-services-over': 'after boot services are over (efi_enter_virtual_mode)',
  claimed: 'after claims (init_real_mode)',
  'kexec-jump': 'at the kexec jump',
} as const;

/** See `MOMENTS`. */
export type Moment = keyof typeof MOMENTS;
