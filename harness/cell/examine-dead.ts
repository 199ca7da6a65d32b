// SPDX-License-Identifier: MIT
import type { DeadKernelFile } from '../bundle/dead-kernel.ts';
import { EVIDENCE } from '../bundle/evidence.ts';
import { keepKernelSymbols } from '../memory/kallsyms.ts';
import { hex } from '../memory/pfn.ts';
import type { PhysRange } from '../memory/phys-range.ts';
import type { RamPlace } from '../qemu/machine-ram.ts';
import { type Seen, seeing, seeingFrom, seenFrom } from '../seen.ts';
import { parseMonitorRegisters } from '../vmcore/dump/monitor-registers.ts';
import { type DeadKernel, examineDeadKernel } from '../vmcore/kernel/dead-kernel.ts';
import type { Kallsyms } from '../vmcore/kernel/kallsyms.ts';
import { type KernelHint, isInside } from '../vmcore/kernel/kernel-image.ts';
import { renderPrintk } from '../vmcore/kernel/printk.ts';
import { ramMemory } from './ram-memory.ts';

/** A machine that stands still, and which of its kernels is meant. */
export interface DeadMachine {
  readonly ram: RamPlace;
  /** QEMU's `info registers -a`. */
  readonly registers: string;
  readonly hint: KernelHint;
}

/** What is written about it. */
export interface PostMortem {
  readonly kernel: DeadKernelFile['kernel'];
  /** Null if there is no log. */
  readonly dmesg: Uint8Array | null;
  /** Its symbols as `system/kallsyms` has them; null if there are none. */
  readonly kallsyms: Uint8Array | null;
}

/** Reads the kernel that died out of memory: for a thread. */
export function examineDead({ ram, registers, hint }: DeadMachine): PostMortem {
  const found = seenFrom(
    seeing(() => parseMonitorRegisters(registers)),
    (cpus) => examineDeadKernel(ramMemory(ram), cpus, hint),
  );
  const log = found.value?.log.value;
  const dmesg = log ? [...renderPrintk(log)].map((line) => `${line}\n`).join('') : null;
  return {
    kernel: seeingFrom(found, (kernel) => fileOf(kernel, hint.crashkernel)),
    dmesg: dmesg === null ? null : Buffer.from(dmesg).subarray(-EVIDENCE['dead/dmesg'].limit),
    kallsyms: found.value?.kallsyms.value ? linesOf(found.value.kallsyms.value) : null,
  };
}

function linesOf(kallsyms: Kallsyms): Uint8Array {
  const lines = Array.from(kallsyms, ({ address, type, name }) => {
    return `${BigInt.asUintN(64, address).toString(16).padStart(16, '0')} ${type} ${name}\n`;
  });
  return keepKernelSymbols(Buffer.from(lines.join(''), 'latin1'));
}

/** As the file has it: addresses in hexadecimal, without the text of the log. */
function fileOf(dead: DeadKernel, crashkernel: readonly PhysRange[]) {
  const { image, log, memblock, trampoline, stacks, lowPages } = dead;
  const regions = (list: readonly (PhysRange & { readonly flags: number })[]) =>
    list.map(({ start, end, flags }) => ({ start: hex(start), end: hex(end), flags }));
  return {
    role: isInside(crashkernel, image.paddr) ? ('capture' as const) : ('system' as const),
    image: { text: hex(image.text), paddr: hex(image.paddr), by: image.by },
    release: dead.release,
    symbols: mapped(dead.kallsyms, ({ size }) => size),
    layout: dead.layout,
    systemState: dead.systemState,
    log: mapped(log, (records) => ({ records: records.length })),
    panic: dead.panic,
    lowPages: mapped(lowPages, (classes) => [...classes]),
    memblock: mapped(memblock, ({ memory, reserved }) => ({
      memory: regions(memory),
      reserved: regions(reserved),
    })),
    trampoline: mapped(trampoline, (found) => ({ ...found, paddr: hex(found.paddr) })),
    stacks: stacks.map(({ cpu, halted, trace }) => ({
      cpu,
      halted,
      trace: mapped(trace, ({ by, frames, end }) => ({
        by,
        frames: frames.map(({ ip, sp, symbol }) => ({ ip: hex(ip), sp: hex(sp), symbol })),
        end,
      })),
    })),
  };
}

function mapped<T, U>(seen: Seen<T>, make: (value: T) => U): Seen<U> {
  return seenFrom(seen, (value) => ({ value: make(value) }));
}
