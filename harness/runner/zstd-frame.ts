// SPDX-License-Identifier: MIT

/** The first bytes of a zstd frame (RFC 8878, section 3.1.1). */
export const ZSTD_MAGIC = 0xfd2f_b528;

/** Bytes of `Dictionary_ID` and of `Frame_Content_Size`, by their flags in `Frame_Header_Descriptor`. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

/** A content size of two bytes begins there. */
const TWO_BYTES_FROM = 256n;

/**
 * How many bytes a zstd frame says it unpacks to (RFC 8878, section 3.1.1.1), from its first 18 bytes; undefined if it
 * does not say.
 */
export function zstdContentSize(frame: Uint8Array): number | undefined {
  const descriptor = frame[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const bytes = CONTENT_SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3] || (isSingleSegment ? 1 : 0);
  const window = isSingleSegment ? 0 : 1;
  const at = 5 + window + DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
  if (bytes === 0 || frame.length < at + bytes) return undefined;
  const field = Buffer.from(frame.subarray(at, at + bytes)).toReversed();
  const size = BigInt(`0x${Buffer.from(field).toString('hex')}`);
  return Number(bytes === 2 ? size + TWO_BYTES_FROM : size);
}
