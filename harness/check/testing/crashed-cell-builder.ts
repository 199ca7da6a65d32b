// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import { pageCrc, ZERO_PAGE_CRC } from '../../memory/page-crcs.ts';
import { elfCoreBytes, pageOf } from '../../vmcore/testing/vmcore-builder.ts';
import type { BundleSpec } from './bundle-builder.ts';

export const JUMP = 'jump/page-crcs.gz';
export const END = 'capture/page-crcs.gz';

/** A machine of 2 MiB, of which the pages 0x100 to 0x107 are the crashed kernel's. */
const IOMEM =
  '00001000-0009ffff : System RAM\n00100000-00107fff : System RAM\n  00102000-00102fff : Kernel code\n00108000-001fffff : System RAM\n  00108000-001fffff : Crash kernel\n';
export const SYMBOLS = 'ffffffff81000000 T _text\nffffffff81000800 D ftrace_enabled\n';

/** The CRCs of memory in which page 0x100 + n is filled with the nth byte. */
function memory(bytes: readonly number[]): Uint8Array {
  const crcs = new Uint32Array(512).fill(ZERO_PAGE_CRC);
  for (const [index, byte] of bytes.entries()) crcs[0x100 + index] = pageCrc(pageOf(byte));
  return gzipSync(new Uint8Array(crcs.buffer));
}

/** A dump of the pages from 0x100 on, likewise. */
export function dump(bytes: readonly number[]): Uint8Array {
  return elfCoreBytes([], [{ paddr: 0x10_0000, bytes: Buffer.concat(bytes.map(pageOf)) }]);
}

export const AT_JUMP = [1, 2, 3, 4, 5, 6, 7, 0];

interface Life {
  readonly end?: readonly number[];
  readonly files?: BundleSpec['files'];
  readonly spec?: BundleSpec['spec'];
}

/** A cell that had `AT_JUMP` in its memory at the jump, and `end` after all. */
export function crashed({ end = AT_JUMP, files, spec }: Life = {}): BundleSpec {
  const evidence = {
    'system/iomem': IOMEM,
    'capture/iomem': '00108000-001fffff : System RAM\n',
    [JUMP]: memory(AT_JUMP),
    [END]: memory(end),
    'jump/stack': '0x104100\n',
  };
  return {
    spec: { crashkernel: '960K', memoryMiB: 2, truth: 'jump', vmcore: 'full', ...spec },
    files: { ...evidence, ...files },
  };
}

/** Memory when the capture kernel was loaded: at the jump it differs in page 0x100 + n, which had this byte. */
export function loaded(
  differs: Readonly<Record<number, number>>,
): Record<string, Uint8Array | string> {
  const bytes = Object.assign([...AT_JUMP, 0, 0, 0], differs);
  return { 'load/page-crcs.gz': memory(bytes), 'jump/vmcoreinfo-copy': '0x109000\n' };
}
