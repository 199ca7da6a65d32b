// SPDX-License-Identifier: MIT
import { type VmcoreDigest, digestVmcore } from '../vmcore/vmcore-digest.ts';
import { openFile } from '../process/open-file.ts';

/** The digest of a dump in a file: for a thread. */
export function digestFile(path: string): VmcoreDigest {
  using file = openFile(path);
  return digestVmcore(file);
}
