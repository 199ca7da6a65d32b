// SPDX-License-Identifier: MIT
/**
 * Finds the caller of a function that ORC does not cover, such as `__crash_kexec()`
 * (STACK_FRAME_NON_STANDARD), where every dump begins.
 */
import type { VirtualMemory } from './virtual-memory.ts';

/** A caller: the return address, and the pointers after the return. */
export interface Caller {
  readonly ip: bigint;
  readonly sp: bigint;
  readonly bp: bigint;
}

/** Where a CPU is: the start of the function, and its pointers. */
export interface CalleeFrame {
  readonly start: bigint;
  readonly sp: bigint;
  readonly bp: bigint;
}

/** Bytes of the stack to search; the frame of one function is smaller. */
const SEARCH_BYTES = 2048;
/** A `call` with a target relative to the next instruction. */
const CALL_OPCODE = 0xe8;
const CALL_BYTES = 5n;

/** Bytes at the start of a function in which it saves registers. */
const PROLOGUE_BYTES = 48;
/** What may come before that: `endbr64`, and the nop in the place of ftrace's call. */
const PREFIXES = ['f30f1efa', '0f1f440000'].map((bytes) => Buffer.from(bytes, 'hex'));
const PUSH_RBP = 0x55;

/**
 * Finds the first word of the stack that is a return address after a `call` of this very function.
 * Throws `FormatError`.
 */
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

/** The kernel image is in the last 2 GiB (`__START_KERNEL_map`). */
function isKernelImage(ip: bigint): boolean {
  return ip >> 31n === 0x1ffffffffn;
}

function isBehindCall(memory: VirtualMemory, ip: bigint, target: bigint): boolean {
  const call = ip - CALL_BYTES;
  return memory.u8(call) === CALL_OPCODE && ip + BigInt(memory.i32(call + 1n)) === target;
}

/** How many registers a function pushes before `rbp`; undefined if it does not push that. */
function pushesBeforeRbp(code: Uint8Array): number | undefined {
  let at = 0;
  for (const prefix of PREFIXES) {
    if (Buffer.from(code.subarray(at, at + prefix.length)).equals(prefix)) at += prefix.length;
  }
  // Or the call of ftrace itself.
  if (code[at] === CALL_OPCODE) at += 5;
  for (let pushes = 0; at < code.length; pushes += 1) {
    if (code[at] === PUSH_RBP) return pushes;
    const step = pushBytes(code[at], code[at + 1]);
    if (step === 0) return undefined;
    at += step;
  }
  return undefined;
}

/** The bytes of a `push` of a register; 0 for any other instruction. */
function pushBytes(first = 0, second = 0): number {
  const isPush = (byte: number): boolean => byte >= 0x50 && byte <= 0x57;
  if (isPush(first)) return 1;
  return first === 0x41 && isPush(second) ? 2 : 0;
}
