// SPDX-License-Identifier: MIT

const ROW_BYTES = 16;

/** Bytes in lines of sixteen: address, hexadecimal, printable ASCII. */
export function renderHexdump(bytes: Uint8Array, address: bigint): string[] {
  const rows = Array.from({ length: Math.ceil(bytes.length / ROW_BYTES) }, (_, row) =>
    bytes.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES),
  );
  return rows.map((row, index) => {
    const at = (address + BigInt(index * ROW_BYTES)).toString(16).padStart(16, '0');
    const words = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = Array.from(row, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCodePoint(byte) : '.',
    ).join('');
    return `${at}  ${words.padEnd(ROW_BYTES * 3 - 1)}  ${text}`;
  });
}
