// SPDX-License-Identifier: MIT
import type { PageClass } from '../../memory/kpageflags.ts';
import type { Owner } from '../../model/owners.ts';

/** Classes of pages that the page allocator has or had. */
const USABLE: readonly PageClass[] = ['free', 'used'];

/** The classes that a page may be seen in, by the owner that the model predicts for it. */
const CLASSES: Readonly<Record<Owner, readonly PageClass[]>> = {
  firmware: ['reserved', 'absent'],
  page0: ['reserved', 'absent'],
  bios: ['reserved'],
  'boot-services': ['reserved'],
  kernel: ['reserved'],
  trampoline: ['reserved'],
  lock: ['reserved'],
  reserved: ['reserved'],
  pool: ['reserved'],
  undecided: ['reserved', ...USABLE],
  free: USABLE,
};

/** Whether a page of that predicted owner may be seen in that class. */
export function agrees(owner: Owner, seen: PageClass): boolean {
  return CLASSES[owner].includes(seen);
}

/** Whether the system kernel can use a page of that class. */
export function isUsable(seen: PageClass): boolean {
  return USABLE.includes(seen);
}

/**
 * The owner of a page by prediction and observation: the predicted owner if the observation agrees, else the class
 * that was seen. `free` and `used` are the same here: the page allocator has the page.
 */
export function ownerSeen(predicted: Owner | null, seen: PageClass): Owner | PageClass {
  if (predicted !== null && agrees(predicted, seen)) return predicted;
  return isUsable(seen) ? 'free' : seen;
}
