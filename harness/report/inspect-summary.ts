// SPDX-License-Identifier: MIT
import { counted } from '../memory/counted.ts';
import { hex } from '../memory/pfn.ts';
import { rangeSize, renderRange } from '../memory/phys-range.ts';
import { printableText } from '../memory/printable-text.ts';
import { seeing } from '../seen.ts';
import type { Vmcore } from '../vmcore/dump/open-vmcore.ts';
import type { KernelPanic } from '../vmcore/kernel/kernel-panic.ts';
import { readKernelState } from '../vmcore/kernel/kernel-state.ts';
import type { DumpedKernel } from '../vmcore/kernel/kernel.ts';
import { readPrintk } from '../vmcore/kernel/printk.ts';
import type { InspectAnswer } from './inspect-answers.ts';
import { searchValue } from './inspect-search.ts';

/** Sums up a dump and the kernel in it. */
export function summarize(vmcore: Vmcore, kernel: DumpedKernel): InspectAnswer {
  const value = summaryOf(vmcore, kernel);
  return { lines: linesOf(value), value };
}

type Summary = ReturnType<typeof summaryOf>;

/** As JSON has it; `missing` says why what is null could not be read. */
function summaryOf(vmcore: Vmcore, kernel: DumpedKernel) {
  const log = seeing(() => readPrintk(kernel)).value ?? [];
  const { release, trampoline, crashkernel, panic } = readKernelState(kernel, log);
  const { kallsyms, btf } = kernel;
  const { format, flattened, size, memory } = vmcore;
  const reasons = [kallsyms, btf, trampoline, crashkernel].flatMap((seen) =>
    'why' in seen ? [seen.why] : [],
  );
  return {
    release,
    buildId: kernel.vmcoreinfo.buildId ?? null,
    format,
    flattened,
    bytes: size,
    memory: memory.ranges.map(renderRange),
    memoryBytes: memory.ranges.reduce((sum, range) => sum + rangeSize(range), 0),
    cpus: kernel.cpus.length,
    symbols: kallsyms.value?.size ?? null,
    btf: btf.value !== null,
    panic,
    trampoline: trampoline.value === null ? null : hex(trampoline.value),
    crashkernel: crashkernel.value?.map(renderRange) ?? null,
    vmcoreinfoSearch: kernel.search ? searchValue(kernel.search) : null,
    missing: [...new Set(reasons)],
  };
}

function linesOf(found: Summary): string[] {
  const form = `${found.format}${found.flattened ? ', flattened' : ''}`;
  const rows: (readonly [string, string])[] = [
    ['release', found.release ?? 'unknown'],
    ['build id', found.buildId ?? 'none'],
    ['dump', `${form}, ${(found.bytes / 1e6).toFixed(1)} MB`],
    [
      'memory',
      `${(found.memoryBytes / 2 ** 20).toFixed(0)} MiB in ${counted(found.memory.length, 'range')}`,
    ],
    ['cpus', String(found.cpus)],
    ['panic', found.panic === null ? 'none' : renderPanic(found.panic)],
    ['trampoline', found.trampoline ?? 'unknown'],
    ['crashkernel', renderCrashkernel(found.crashkernel)],
    ['symbols', `${found.symbols ?? 'none'}${found.btf ? ', BTF' : ', no BTF'}`],
    ...found.missing.map((why) => ['missing', why] as const),
  ];
  return rows.map(([name, text]) => `${name.padEnd(12)} ${printableText(text)}`);
}

function renderCrashkernel(ranges: readonly string[] | null): string {
  return ranges === null ? 'unknown' : ranges.join(', ') || 'none';
}

/** The panic, and who had it. */
export function renderPanic({ message, cpu, task }: KernelPanic): string {
  const who = task ? `, PID ${task.pid} (${task.comm})` : '';
  return `${message ?? 'no message'} on CPU ${cpu ?? 'unknown'}${who}`;
}
