// SPDX-License-Identifier: MIT

/** A program header of a core file; what is left out is 0. */
export interface PhdrSpec {
  readonly type?: number;
  readonly offset?: number;
  readonly vaddr?: bigint;
  readonly paddr?: number;
  readonly fileBytes?: number;
  readonly memoryBytes?: number;
}

/** Fields of the ELF header that a test may want otherwise. */
interface EhdrSpec {
  readonly elfClass?: number;
  readonly data?: number;
  readonly type?: number;
  readonly machine?: number;
  readonly phentsize?: number;
  readonly phnum?: number;
}

/** The headers of an ELF64 core file of x86-64, program headers right after the ELF header. */
export function elfHeaders(phdrs: readonly PhdrSpec[], ehdr: EhdrSpec = {}): Uint8Array {
  const bytes = new Uint8Array(64 + phdrs.length * 56);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, ehdr.elfClass ?? 2, ehdr.data ?? 1, 1]);
  view.setUint16(16, ehdr.type ?? 4, true);
  view.setUint16(18, ehdr.machine ?? 62, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, ehdr.phentsize ?? 56, true);
  view.setUint16(56, ehdr.phnum ?? phdrs.length, true);
  for (const [index, phdr] of phdrs.entries()) {
    const at = 64 + index * 56;
    view.setUint32(at, phdr.type ?? 1, true);
    view.setBigUint64(at + 8, BigInt(phdr.offset ?? 0), true);
    view.setBigUint64(at + 16, phdr.vaddr ?? 0n, true);
    view.setBigUint64(at + 24, BigInt(phdr.paddr ?? 0), true);
    view.setBigUint64(at + 32, BigInt(phdr.fileBytes ?? phdr.memoryBytes ?? 0), true);
    view.setBigUint64(at + 40, BigInt(phdr.memoryBytes ?? 0), true);
  }
  return bytes;
}
