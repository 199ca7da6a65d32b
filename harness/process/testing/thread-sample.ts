// SPDX-License-Identifier: MIT

/** A function that tests call in a thread. */
export function doubled(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new Error('expected bytes, found none');
  return bytes.map((byte) => byte * 2);
}

/** One that does not end. */
export function forever(): never {
  for (;;);
}
