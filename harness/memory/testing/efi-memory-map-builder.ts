// SPDX-License-Identifier: MIT
/** Builds the bytes of `boot_params` and of an EFI memory map for tests. */

/** A page with `efi_info`; what is left out is as the EFI stub has it. */
export function bootParamsBytes(
  efiInfo: {
    readonly signature?: number;
    readonly address?: number;
    readonly size?: number;
    readonly descriptorSize?: number;
  } = {},
): Uint8Array {
  const { signature = 0x34364c45, address = 0x3d00_0000, size = 48, descriptorSize = 48 } = efiInfo;
  const page = Buffer.alloc(4096);
  const [low, high] = [address % 2 ** 32, Math.floor(address / 2 ** 32)];
  for (const [index, word] of [signature, 0, descriptorSize, 1, low, size, 0, high].entries()) {
    page.writeUInt32LE(word, 0x1c0 + 4 * index);
  }
  return page;
}

/** Descriptors of 48 bytes, as OVMF has them. */
export function efiMapBytes(
  descriptors: readonly {
    readonly type: number;
    readonly start: bigint;
    readonly pages: bigint;
    readonly attribute?: bigint;
  }[],
): Uint8Array {
  const entries = descriptors.map(({ type, start, pages, attribute = 0xfn }) => {
    const bytes = Buffer.alloc(48);
    bytes.writeUInt32LE(type, 0);
    bytes.writeBigUInt64LE(start, 8);
    bytes.writeBigUInt64LE(pages, 24);
    bytes.writeBigUInt64LE(attribute, 32);
    return bytes;
  });
  return Buffer.concat(entries);
}
