// SPDX-License-Identifier: MIT
import { type VirtAddr, hex, virtAddr } from '../../memory/pfn.ts';
import { seeing } from '../../seen.ts';
import { findCaller } from './caller-search.ts';
import type { Kallsyms } from './kallsyms.ts';
import { type OrcEntry, type OrcTables, type OrcType, openOrc } from './orc.ts';
import { type CpuRegisters, REGISTER_NAMES, type RegisterName } from '../dump/prstatus.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** The calls that led to where a CPU was, innermost first. */
export interface StackTrace {
  readonly by: 'orc' | 'frame pointers';
  readonly frames: readonly StackFrame[];
  /** Why it ends: `user space`, `end of the stack`, or what could not be read. */
  readonly end: string;
}

/** The next instruction in a function, and the stack pointer there. */
interface StackFrame {
  readonly ip: VirtAddr;
  readonly sp: VirtAddr;
  /** `vfs_write+0xc7`; a number outside the kernel image. */
  readonly symbol: string;
}

/** What stacks are read from. */
export interface StackSources {
  readonly memory: VirtualMemory;
  readonly kallsyms: Kallsyms;
}

/** Frames of a stack, at most; 16 KiB hold no more, even with an interrupt's stack on top. */
const FRAME_LIMIT = 256;

/** The registers with which `struct pt_regs` begins, in the same order as in the dump. */
const SAVED_REGISTERS = REGISTER_NAMES.slice(0, REGISTER_NAMES.indexOf('orig_ax'));
/** After them, as an index of words, what the processor pushes. */
const PT_REGS_IP = 16;
/** The same if there is only the interrupt's frame. */
const IRET_IP = 0;

type Registers = Partial<Record<RegisterName, bigint>>;

/** How far unwinding has come. */
interface UnwindState {
  readonly ip: bigint;
  readonly sp: bigint;
  readonly bp: bigint;
  /** All registers, if they are known. */
  readonly registers: Registers | null;
  /** `ip` is the next instruction, not a return address. */
  readonly signal: boolean;
}

type Step = { readonly state: UnwindState } | { readonly end: string };

/** Unwinds the stack of a CPU as far as possible (`unwind_next_frame()`). */
export function readStack(sources: StackSources, cpu: CpuRegisters): StackTrace {
  const { ip, sp, bp, cs } = cpu.registers;
  if (cs & 3n) return { by: 'orc', frames: [], end: 'user space' };
  // Without ORC, or if it cannot be read, follow frame pointers.
  const orc = seeing(() => openOrc(sources.memory, sources.kallsyms)).value ?? undefined;
  const frames: StackFrame[] = [];
  let state: UnwindState = { ip, sp, bp, registers: cpu.registers, signal: true };
  let end: string | undefined;
  while (end === undefined) {
    frames.push(frameOf(sources.kallsyms, state));
    const step = frames.length < FRAME_LIMIT ? tryStep(sources, orc, state) : { end: TOO_MANY };
    if ('end' in step) end = step.end;
    else state = step.state;
  }
  return { by: orc ? 'orc' : 'frame pointers', frames, end };
}

const TOO_MANY = `more than ${FRAME_LIMIT} frames`;

function frameOf(kallsyms: Kallsyms, { ip, sp, signal }: UnwindState): StackFrame {
  // A call that does not return may be the last instruction of a function (`%pB`).
  const found = kallsyms.find(signal ? ip : ip - 1n);
  const symbol = found ? `${found.name}+${hex(found.offset + (signal ? 0 : 1))}` : hex(ip);
  return { ip: virtAddr(ip), sp: virtAddr(sp), symbol };
}

/** One step, or what could not be read for it. */
function tryStep(sources: StackSources, orc: OrcTables | undefined, state: UnwindState): Step {
  const step = seeing(() => nextStep(sources, orc, state));
  return 'why' in step ? { end: step.why } : step.value;
}

function nextStep(
  { memory, kallsyms }: StackSources,
  orc: OrcTables | undefined,
  state: UnwindState,
): Step {
  if (!orc) return followFramePointer(memory, kallsyms, state);
  const lookup = state.signal ? state.ip : state.ip - 1n;
  const found = kallsyms.find(lookup);
  const entry = found && orc.find(lookup);
  if (!entry) return { end: `${hex(state.ip)} is outside the kernel image` };
  if (entry.type !== 'undefined') return followOrc(memory, entry, state);
  const caller = findCaller(memory, { ...state, start: lookup - BigInt(found.offset) });
  if (!caller) return { end: `ORC does not know ${kallsyms.render(state.ip)}` };
  return { state: { ...caller, registers: null, signal: false } };
}

function followFramePointer(memory: VirtualMemory, kallsyms: Kallsyms, state: UnwindState): Step {
  const { bp } = state;
  // Before its first instruction a function has not saved the frame pointer of its caller.
  const isEntry = state.signal && kallsyms.find(state.ip)?.offset === 0;
  const caller = isEntry ? memory.u64(state.sp) : 0n;
  if (kallsyms.find(caller)) {
    return { state: { ip: caller, sp: state.sp + 8n, bp, registers: null, signal: false } };
  }
  if (bp === 0n) return { end: 'end of the stack' };
  if (bp < state.sp) return { end: `frame pointer ${hex(bp)} is below the stack pointer` };
  const ip = memory.u64(bp + 8n);
  if (!kallsyms.find(ip)) return { end: `return address ${hex(ip)} outside the kernel image` };
  const previous = memory.u64(bp);
  return { state: { ip, sp: bp + 16n, bp: previous, registers: null, signal: false } };
}

function followOrc(memory: VirtualMemory, entry: OrcEntry, state: UnwindState): Step {
  if (entry.type === 'end') return { end: 'end of the stack' };
  const sp = previousSp(memory, entry, state);
  if (sp === undefined) return { end: `${entry.spRegister} is unknown at ${hex(state.ip)}` };
  const found = entry.type.endsWith('regs')
    ? afterRegs(memory, sp, entry.type)
    : afterCall(memory, sp);
  if ('end' in found) return found;
  const bp = previousBp(memory, entry, { sp, state });
  const next = { ...found.state, bp, signal: entry.signal };
  // Only an interrupt can come from another stack.
  if (entry.type === 'call' && next.sp <= state.sp)
    return { end: 'stack going in the wrong direction' };
  return { state: next };
}

/** The caller's stack pointer by an entry; undefined if it is unknown. */
function previousSp(
  memory: VirtualMemory,
  { spRegister, spOffset }: OrcEntry,
  state: UnwindState,
): bigint | undefined {
  const offset = BigInt(spOffset);
  if (spRegister === 'sp') return state.sp + offset;
  if (spRegister === 'bp') return state.bp + offset;
  if (spRegister === 'sp indirect') return memory.u64(state.sp) + offset;
  if (spRegister === 'bp indirect') return memory.u64(state.bp + offset);
  if (spRegister === 'undefined' || spRegister === 'previous sp') return undefined;
  return state.registers?.[spRegister];
}

function previousBp(
  memory: VirtualMemory,
  { bpRegister, bpOffset }: OrcEntry,
  { sp, state }: { readonly sp: bigint; readonly state: UnwindState },
): bigint {
  if (bpRegister === 'previous sp') return memory.u64(sp + BigInt(bpOffset));
  if (bpRegister === 'bp') return memory.u64(state.bp + BigInt(bpOffset));
  return state.registers?.bp ?? state.bp;
}

function afterCall(memory: VirtualMemory, sp: bigint): { readonly state: UnwindState } {
  const ip = memory.u64(sp - 8n);
  return { state: { ip, sp, bp: 0n, registers: null, signal: false } };
}

/** The state that an interrupt pushed: `struct pt_regs`, or only ip, cs, flags and sp of it. */
function afterRegs(memory: VirtualMemory, at: bigint, type: OrcType): Step {
  const word = (index: number): bigint => memory.u64(at + BigInt(index * 8));
  const start = type === 'regs' ? PT_REGS_IP : IRET_IP;
  const [ip, cs, sp] = [word(start), word(start + 1), word(start + 3)];
  if (cs & 3n) return { end: 'user space' };
  const saved = SAVED_REGISTERS.map((name, index) => [name, word(index)] as const);
  const registers: Registers | null = type === 'regs' ? Object.fromEntries(saved) : null;
  return { state: { ip, sp, bp: 0n, registers, signal: true } };
}
