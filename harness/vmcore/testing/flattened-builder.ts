// SPDX-License-Identifier: MIT
import { bytesSource } from '../dump/byte-source.ts';
import { type VmcoreDigest, digestVmcore } from '../vmcore-digest.ts';
/** A record of a flattened dump: where its data belongs, and the data. */
export interface RecordSpec {
  readonly offset: bigint;
  readonly data: string;
  /** What its header says, if that is not the length of the data. */
  readonly size?: bigint;
}

/** The header of `makedumpfile -F`, padded to a page. */
export function flatHeader(type = 1n, version = 1n): Uint8Array {
  const header = new Uint8Array(4096);
  header.set(new TextEncoder().encode('makedumpfile'));
  const view = new DataView(header.buffer);
  view.setBigInt64(16, type);
  view.setBigInt64(24, version);
  return header;
}

/** One record. */
export function flatRecord({ offset, data, size }: RecordSpec): Uint8Array {
  const bytes = new TextEncoder().encode(data);
  const record = new Uint8Array(16 + bytes.length);
  const view = new DataView(record.buffer);
  view.setBigInt64(0, offset);
  view.setBigInt64(8, size ?? BigInt(bytes.length));
  record.set(bytes, 16);
  return record;
}

/** The record that ends a dump. */
export const FLAT_END = flatRecord({ offset: -1n, data: '', size: -1n });

/** A small dump that is whole. */
export function wholeDump(): Uint8Array {
  return Buffer.concat([
    flatHeader(),
    flatRecord({ offset: 0n, data: 'KDUMP   \x06\0\0\0' }),
    flatRecord({ offset: 4096n, data: 'pages' }),
    FLAT_END,
  ]);
}

/** What is left of a dump when it is compared with memory. */
export function digestOf(dump: Uint8Array): VmcoreDigest {
  return digestVmcore(bytesSource(dump));
}
