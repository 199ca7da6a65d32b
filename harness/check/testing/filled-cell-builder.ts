// SPDX-License-Identifier: MIT
import type { BundleSpec } from './bundle-builder.ts';
import { tagLines } from './low-memory-builder.ts';
import { reportText } from './personality-cases.ts';

/** A cell in which the driver of the layout filled these pages before the kernel came, for tests. */
export function filledCell(pages: readonly number[], rest: BundleSpec = {}): BundleSpec {
  return {
    ...rest,
    spec: { layout: 'thread-2021', ...rest.spec },
    files: { 'personality.log': reportText({ lines: tagLines(pages) }), ...rest.files },
  };
}
