// SPDX-License-Identifier: MIT
import { closeSync, openSync, writeSync } from 'node:fs';
import { type EvidenceFile, evidencePath } from '../bundle/evidence.ts';
import { HostError } from '../errors.ts';

/** The size limit of one log, in bytes; the rest of what a guest writes is dropped, and the log says so. */
const LOG_LIMIT = 32 * 1024 * 1024;

/**
 * The logs in a bundle that grow while the machine runs. Each write is on the disk at once, so that the evidence
 * survives a crash of ours; a disk that is full aborts `hostFails` with a `HostError`.
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
  bytes(file: EvidenceFile): (bytes: Uint8Array) => void {
    const path = evidencePath(this.#folder, file);
    const fd = openSync(path, 'w');
    this.#open.push(fd);
    let left = LOG_LIMIT;
    return (bytes) => {
      if (left <= 0) return;
      try {
        writeSync(fd, bytes.subarray(0, left));
        left -= bytes.length;
        if (left <= 0) writeSync(fd, `\n[sub1m dropped the rest beyond ${LOG_LIMIT} bytes]\n`);
      } catch (error) {
        left = 0;
        this.#hostFails.abort(
          new HostError(`Cannot write ${path}: ${String(error)}`, { cause: error }),
        );
      }
    };
  }

  /** Opens a log; gives the function that appends a line to it. */
  line(file: EvidenceFile): (line: string) => void {
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
