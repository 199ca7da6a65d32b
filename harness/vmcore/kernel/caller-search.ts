// SPDX-License-Identifier: MIT
/**
 * Finds who called a function that ORC does not know: `__crash_kexec()` is one (STACK_FRAME_NON_STANDARD), and every dump
 * begins in it.
 */
import type { VirtualMemory } from './virtual-memory.ts';

/** A caller: where the function returns to, and the pointers as they are then. */
export interface Caller {
  readonly ip: bigint;
  readonly sp: bigint;
  readonly bp: bigint;
}

/** Where a CPU is: the start of its function, and its pointers. */
export interface CalleeFrame {
  readonly start: bigint;
  readonly sp: bigint;
  readonly bp: bigint;
}

/** How much of the stack is searched, bytes: the frame of one function is smaller. */
const SEARCH_BYTES = 2048;
/** `call` with a target relative to the next instruction. */
const CALL_OPCODE = 0xe8;
const CALL_BYTES = 5n;

/** Bytes in which a function saves registers. */
const PROLOGUE_BYTES = 48;
/** What stands before that: `endbr64`, and the place of ftrace's call. */
const PREFIXES = ['f30f1efa', '0f1f440000'].map((bytes) => Buffer.from(bytes, 'hex'));
const PUSH_RBP = 0x55;

/** The first word of the stack behind a `call` of this very function; undefined if there is none. Throws `FormatError`. */
export function findCaller(memory: VirtualMemory, frame: CalleeFrame): Caller | undefined {
  for (let offset = 0n; offset < SEARCH_BYTES; offset += 8n) {
    const at = frame.sp + offset;
    const ip = memory.u64(at);
    if (!isKernelImage(ip) || !isBehindCall(memory, ip, frame.start)) continue;
    const pushes = pushesBeforeRbp(memory.read(frame.start, PROLOGUE_BYTES));
    const bp = pushes === undefined ? frame.bp : memory.u64(at - BigInt(8 * (pushes + 1)));
    return { ip, sp: at + 8n, bp };
  }
  return undefined;
}

/** Text lies in the last 2 GiB (`__START_KERNEL_map`). */
function isKernelImage(ip: bigint): boolean {
  return ip >> 31n === 0x1ffffffffn;
}

function isBehindCall(memory: VirtualMemory, ip: bigint, target: bigint): boolean {
  const call = ip - CALL_BYTES;
  return memory.u8(call) === CALL_OPCODE && ip + BigInt(memory.i32(call + 1n)) === target;
}

/** How many registers a function pushes before it pushes `rbp`; undefined if it does not at its start. */
function pushesBeforeRbp(code: Uint8Array): number | undefined {
  let at = 0;
  for (const prefix of PREFIXES) {
    if (Buffer.from(code.subarray(at, at + prefix.length)).equals(prefix)) at += prefix.length;
  }
  // A call of ftrace's instead of its place.
  if (code[at] === CALL_OPCODE) at += 5;
  for (let pushes = 0; at < code.length; pushes += 1) {
    if (code[at] === PUSH_RBP) return pushes;
    const step = pushBytes(code[at], code[at + 1]);
    if (step === 0) return undefined;
    at += step;
  }
  return undefined;
}

/** The bytes of `push` of a register; 0 if it is none. */
function pushBytes(first = 0, second = 0): number {
  const isPush = (byte: number): boolean => byte >= 0x50 && byte <= 0x57;
  if (isPush(first)) return 1;
  return first === 0x41 && isPush(second) ? 2 : 0;
}
