// SPDX-License-Identifier: MIT
import { type VirtAddr, virtAddr } from '../memory/pfn.ts';

/** Why a machine stopped, and which of its CPUs was first. */
export interface StopReply {
  /** The signal as GDB numbers them: `GDB_SIGNAL_TRAP` for a breakpoint. */
  readonly signal: number;
  /** Counted from 0, as in QEMU; undefined if the stub does not say. */
  readonly cpu: number | undefined;
}

/** A breakpoint was reached (GDB's `include/gdb/signals.def`). */
export const GDB_SIGNAL_TRAP = 5;

/** Reads `T05thread:01;` or `S05` (GDB manual, "Stop Reply Packets"); undefined for anything else. */
export function findStopReply(payload: string): StopReply | undefined {
  const signal = /^[TS]([0-9a-f]{2})/.exec(payload)?.[1];
  if (signal === undefined) return undefined;
  // QEMU's thread id is the index of the CPU plus one, in hex.
  const thread = /[0-9a-f;]thread:(?:p[0-9a-f]+\.)?([0-9a-f]+);/.exec(payload)?.[1];
  return {
    signal: Number.parseInt(signal, 16),
    cpu: thread === undefined ? undefined : Number.parseInt(thread, 16) - 1,
  };
}

/** Where RIP is in the answer to `g`, in hex digits: after 16 general registers (gdb-xml/i386-64bit.xml). */
const RIP = { start: 256, end: 272 };

/** The instruction pointer in an answer to `g`; undefined if this is not one. */
export function findInstructionPointer(payload: string): VirtAddr | undefined {
  const digits = payload.slice(RIP.start, RIP.end);
  if (!/^[0-9a-f]{16}$/.test(digits)) return undefined;
  return virtAddr(Buffer.from(digits, 'hex').readBigUInt64LE());
}
