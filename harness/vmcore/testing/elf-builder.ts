// SPDX-License-Identifier: MIT

/** A program header of a core file; fields left out are 0. */
export interface PhdrSpec {
  readonly type?: number;
  readonly offset?: number;
  readonly vaddr?: bigint;
  readonly paddr?: number;
  readonly fileBytes?: number;
  readonly memoryBytes?: number;
}

/** Fields of the ELF header that a test may change. */
interface EhdrSpec {
  readonly elfClass?: number;
  readonly data?: number;
  readonly type?: number;
  readonly machine?: number;
  readonly phentsize?: number;
  readonly phnum?: number;
}

/** Builds the headers of an ELF64 core file of x86-64. */
export function elfHeaders(phdrs: readonly PhdrSpec[], ehdr: EhdrSpec = {}): Uint8Array {
  const whole = { elfClass: 2, data: 1, type: 4, machine: 62, phentsize: 56, phnum: phdrs.length };
  return Buffer.concat([ehdrBytes({ ...whole, ...ehdr }), ...phdrs.map(phdrBytes)]);
}

function ehdrBytes(ehdr: Required<EhdrSpec>): Uint8Array {
  const bytes = Buffer.alloc(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, ehdr.elfClass, ehdr.data, 1]);
  // No more than this is read of a big-endian file.
  for (const [index, word] of [ehdr.type, ehdr.machine].entries()) {
    if (ehdr.data === 2) bytes.writeUInt16BE(word, 16 + index * 2);
    else bytes.writeUInt16LE(word, 16 + index * 2);
  }
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(ehdr.phentsize, 54);
  bytes.writeUInt16LE(ehdr.phnum, 56);
  return bytes;
}

function phdrBytes(phdr: PhdrSpec): Uint8Array {
  const { type = 1, offset = 0, vaddr = 0n, paddr = 0, memoryBytes = 0 } = phdr;
  const { fileBytes = memoryBytes } = phdr;
  const bytes = Buffer.alloc(56);
  bytes.writeUInt32LE(type, 0);
  const words = [offset, vaddr, paddr, fileBytes, memoryBytes];
  for (const [index, word] of words.entries()) {
    bytes.writeBigUInt64LE(BigInt(word), 8 + index * 8);
  }
  return bytes;
}
