// SPDX-License-Identifier: MIT
import { bytesSource } from '../dump/byte-source.ts';
import { type VmcoreDigest, digestVmcore } from '../vmcore-digest.ts';

/** A record of a flattened dump: where its data belongs, and the data. */
export interface RecordSpec {
  readonly offset: bigint;
  readonly data: string;
  /** The size in its header, if not that of the data. */
  readonly size?: bigint;
}

/** The header that `makedumpfile -F` writes, padded to a page. */
export function flatHeader(type = 1n, version = 1n): Uint8Array {
  const header = new Uint8Array(4096);
  header.set(new TextEncoder().encode('makedumpfile'));
  const view = new DataView(header.buffer);
  view.setBigInt64(16, type);
  view.setBigInt64(24, version);
  return header;
}

/** Builds a record. */
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

/** A small complete dump. */
export function wholeDump(): Uint8Array {
  return Buffer.concat([
    flatHeader(),
    flatRecord({ offset: 0n, data: 'KDUMP   \x06\0\0\0' }),
    flatRecord({ offset: 4096n, data: 'pages' }),
    FLAT_END,
  ]);
}

/** The digest of a dump in memory. */
export function digestOf(dump: Uint8Array): VmcoreDigest {
  return digestVmcore(bytesSource(dump));
}
