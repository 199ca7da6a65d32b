// SPDX-License-Identifier: MIT
import { closeSync, openSync, writeSync } from 'node:fs';
import { EVIDENCE, evidencePath } from '../bundle/evidence.ts';
import { LOG_NOTE_BYTES } from '../bundle/evidence-limits.ts';
import { HostError } from '../errors.ts';

/** The logs that grow while the machine runs. */
type LogFile = 'console.log' | 'tap.log' | 'qmp.jsonl' | 'personality.log';

/**
 * Writes those logs, each up to its limit: the rest of what a guest writes is dropped, and the log says so. Each write
 * is on the disk at once, so that the evidence survives a crash of ours; a disk that is full aborts `hostFails` with a
 * `HostError`.
 */
export class CellLogs implements AsyncDisposable {
  readonly #folder: string;
  readonly #hostFails: AbortController;
  readonly #open: number[] = [];

  constructor(folder: string, hostFails: AbortController) {
    this.#folder = folder;
    this.#hostFails = hostFails;
  }

  /** Opens a log; gives the function that appends bytes to it. */
  bytes(file: LogFile): (bytes: Uint8Array) => void {
    const path = evidencePath(this.#folder, file);
    const fd = openSync(path, 'w');
    this.#open.push(fd);
    const limit = EVIDENCE[file].limit - LOG_NOTE_BYTES;
    let left = limit;
    return (bytes) => {
      if (left <= 0) return;
      try {
        writeSync(fd, bytes.subarray(0, left));
        left -= bytes.length;
        if (left <= 0) writeSync(fd, `\n[sub1m dropped the rest beyond ${limit} bytes]\n`);
      } catch (error) {
        left = 0;
        this.#hostFails.abort(
          new HostError(`Cannot write ${path}: ${String(error)}`, { cause: error }),
        );
      }
    };
  }

  /** Opens a log; gives the function that appends a line to it. */
  line(file: LogFile): (line: string) => void {
    const write = this.bytes(file);
    return (line) => {
      write(Buffer.from(`${line}\n`));
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const fd of this.#open.splice(0)) closeSync(fd);
    return Promise.resolve();
  }
}
