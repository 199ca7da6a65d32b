// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { type CpuRegisters, REGISTER_NAMES, type RegisterName } from './prstatus.ts';

/** A CPU of a machine that stands still, by QEMU's monitor. */
export interface CpuState {
  /** Its number, from 0. */
  readonly cpu: number;
  /** Waits in `hlt`, or was never started. */
  readonly halted: boolean;
  /** The register as it is: the low bits are flags, or the number of an address space. */
  readonly cr3: bigint;
  /** Levels of its page tables, by `CR4.LA57`. */
  readonly levels: 4 | 5;
  /** `pid` is the number of the CPU, from 1, as in QEMU's dumps; null outside 64-bit mode. */
  readonly registers: CpuRegisters | null;
}

/** Bytes of the monitor's answer, at most: a CPU takes 4 KiB. */
const TEXT_LIMIT = 4 * 1024 * 1024;
/** CPUs, at most; a q35 has fewer. */
const CPU_LIMIT = 1024;

/** `X86_CR4_LA57`. */
const CR4_LA57 = 1n << 12n;

/** What `x86_cpu_dump_state()` calls the registers that are kept (target/i386/cpu-dump.c). */
const MONITOR_NAMES: Partial<Record<RegisterName, string>> = {
  ip: 'RIP',
  flags: 'RFL',
  sp: 'RSP',
  bp: 'RBP',
  ax: 'RAX',
  bx: 'RBX',
  cx: 'RCX',
  dx: 'RDX',
  si: 'RSI',
  di: 'RDI',
  r8: 'R8',
  r9: 'R9',
  r10: 'R10',
  r11: 'R11',
  r12: 'R12',
  r13: 'R13',
  r14: 'R14',
  r15: 'R15',
  cs: 'CS',
  ss: 'SS',
};

/**
 * Parses the answer of QEMU's monitor to `info registers -a`, the CPUs in its order. Throws
 * `FormatError`.
 */
export function parseMonitorRegisters(text: string): CpuState[] {
  if (text.length > TEXT_LIMIT) throw badText(`at most ${TEXT_LIMIT} bytes`, text.length);
  const [, ...parts] = text.split(/^CPU#(\d{1,6})\r?$/m);
  if (parts.length === 0 || parts.length > CPU_LIMIT * 2) {
    throw badText(`1 to ${CPU_LIMIT} CPUs`, parts.length / 2);
  }
  return Array.from({ length: parts.length / 2 }, (_, index) =>
    cpuOf(Number(parts[index * 2]), parts[index * 2 + 1] ?? ''),
  );
}

function cpuOf(cpu: number, text: string): CpuState {
  const values = new Map(
    [...text.matchAll(/\b([A-Z][A-Z\d]{1,2}) ?=([\da-f]{1,16})\b/g)].map(
      ([, name = '', digits = '']) => [name, BigInt(`0x${digits}`)] as const,
    ),
  );
  const required = (name: string): bigint => {
    const value = values.get(name);
    if (value === undefined) throw badText(`${name} of CPU ${cpu}`, 'none');
    return value;
  };
  return {
    cpu,
    halted: /\bHLT=1\b/.test(text),
    cr3: required('CR3'),
    levels: required('CR4') & CR4_LA57 ? 5 : 4,
    registers: values.has('RIP') ? registersOf(cpu, required) : null,
  };
}

function registersOf(cpu: number, required: (name: string) => bigint): CpuRegisters {
  const entries = REGISTER_NAMES.map((name) => {
    const called = MONITOR_NAMES[name];
    return [name, called === undefined ? 0n : required(called)] as const;
  });
  return {
    pid: cpu + 1,
    registers: Object.fromEntries(entries) as CpuRegisters['registers'],
  };
}

function badText(expected: string, found: number | string): FormatError {
  return new FormatError(
    `Cannot read QEMU's \`info registers\`: expected ${expected}, found ${found}`,
  );
}
