// SPDX-License-Identifier: MIT
import { type Bundle, readBundle } from '../bundle.ts';
import { BundleFolder } from '../bundle-folder.ts';

/** The bundle in a folder. */
export function bundleIn(path: string): Bundle {
  using folder = BundleFolder.open(path);
  return readBundle(folder);
}
