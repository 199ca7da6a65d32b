// SPDX-License-Identifier: MIT
import { seeing } from '../../seen.ts';
import type { DumpedKernel } from './kernel.ts';
import type { PrintkRecord } from './printk-record.ts';

/** How the kernel died. */
export interface KernelPanic {
  /** The message, such as `sysrq triggered crash`; null if the log has none. */
  readonly message: string | null;
  /** The CPU that panicked. */
  readonly cpu: number | null;
  /** The task on that CPU. */
  readonly task: KernelTask | null;
}

/** A task; `comm` is text of the guest's. */
interface KernelTask {
  readonly pid: number;
  readonly comm: string;
}

/** The first line of `panic()`, and that of `die()`. */
const MESSAGES = [/^Kernel panic - not syncing: (.*)/s, /^(?:BUG|Oops): (.*)/s];

/** The line of `dump_stack_print_info()`, which names the task. */
const LOGGED_TASK =
  /^CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (.{1,16}?) (?:Kdump: \w+ |Not tainted|Tainted)/;

/** CPUs of a kernel, at most (`NR_CPUS`); before a panic it is -1 (`PANIC_CPU_INVALID`). */
const CPU_LIMIT = 8192;

const TASK_COMM_LEN = 16;

/** Finds the panic by the kernel's variables, else by its log; null if neither shows one. */
export function findPanic(kernel: DumpedKernel, log: readonly PrintkRecord[]): KernelPanic | null {
  const { message, index } = findMessage(log);
  const logged = findLoggedTask(log.slice(index));
  const cpu = readPanicCpu(kernel) ?? logged.cpu;
  if (message === null && cpu === null) return null;
  return { message, cpu, task: seeing(() => readTask(kernel, cpu)).value ?? logged.task };
}

function findMessage(log: readonly PrintkRecord[]): { message: string | null; index: number } {
  for (const pattern of MESSAGES) {
    for (const [index, { text }] of log.entries()) {
      const message = pattern.exec(text)?.[1];
      if (message !== undefined) return { message, index };
    }
  }
  return { message: null, index: log.length };
}

function findLoggedTask(log: readonly PrintkRecord[]): Pick<KernelPanic, 'cpu' | 'task'> {
  for (const { text } of log) {
    const [, cpu, pid, comm = ''] = LOGGED_TASK.exec(text) ?? [];
    if (cpu !== undefined) return { cpu: Number(cpu), task: { pid: Number(pid), comm } };
  }
  return { cpu: null, task: null };
}

function readPanicCpu({ memory, kallsyms }: DumpedKernel): number | null {
  const symbol = kallsyms.value?.address('panic_cpu');
  const cpu = symbol === undefined ? null : seeing(() => memory.i32(symbol)).value;
  return cpu === null || cpu < 0 || cpu >= CPU_LIMIT ? null : cpu;
}

/** Reads a CPU's `current_task`, which 6.2 to 6.14 have in `pcpu_hot`. */
function readTask(kernel: DumpedKernel, cpu: number | null): KernelTask | null {
  const { memory } = kernel;
  const [btf, kallsyms] = [kernel.btf.value, kernel.kallsyms.value];
  const variable = kallsyms?.address('current_task') ?? kallsyms?.address('pcpu_hot');
  if (cpu === null || variable === undefined || !kallsyms || !btf) return null;
  // A kernel for one CPU has plain variables.
  const offsets = kallsyms.address('__per_cpu_offset');
  const area = offsets === undefined ? 0n : memory.u64(offsets + BigInt(cpu * 8));
  const task = memory.u64(BigInt.asUintN(64, variable + area));
  return {
    pid: memory.i32(task + BigInt(btf.requireOffset('task_struct.pid'))),
    comm: memory.text(task + BigInt(btf.requireOffset('task_struct.comm')), TASK_COMM_LEN),
  };
}
