// SPDX-License-Identifier: MIT
import { closeSync, openSync, writeSync } from 'node:fs';
import { openFile } from '../process/open-file.ts';
import { flattenedPieces } from '../vmcore/dump/flatten.ts';

/** Writes the dump `from` to the file `to`, flattened. For a thread: it works at memory speed. */
export function flattenFile({ from, to }: { readonly from: string; readonly to: string }): void {
  using dump = openFile(from);
  const fd = openSync(to, 'w');
  try {
    for (const piece of flattenedPieces(dump)) {
      for (let done = 0; done < piece.length;) done += writeSync(fd, piece, done);
    }
  } finally {
    closeSync(fd);
  }
}
