// SPDX-License-Identifier: MIT
/** Lines by which a kernel says that something went wrong in it, and is up all the same. */
import { printableText } from './printable-text.ts';
import { LOG_LIMITS, linesOf } from './text-lines.ts';

/** What a kernel complains of. */
interface Complaint {
  /** Completes "The log has …". */
  readonly what: string;
  readonly pattern: RegExp;
  /** The functions that print it. */
  readonly from: string;
  /** Whether the kernel finds itself broken: a warning or a failed allocation is not that. */
  readonly isDamage?: true;
}

/**
 * What is looked for. Not what only says that time went by, for a busy host makes a healthy guest say it: stalls of RCU,
 * soft lockups, hung tasks, the clocksource watchdog, throttling by the scheduler.
 */
const COMPLAINTS: readonly Complaint[] = [
  {
    what: 'a failed allocation of pages',
    pattern: /\bpage allocation failure: order:/,
    from: 'warn_alloc() (mm/page_alloc.c)',
  },
  {
    what: 'a failed allocation of virtual memory',
    pattern:
      /\bvmalloc(?: error|: allocation failure)|: vmalloc size(?<=\bvmalloc.*: vmalloc size)/,
    from: '__vmalloc_node_range() (mm/vmalloc.c)',
  },
  {
    what: 'a failed allocation by SLUB',
    pattern: /\bSLUB: Unable to allocate memory on /,
    from: 'slab_out_of_memory() (mm/slub.c)',
  },
  {
    what: 'a failed allocation of per-CPU memory',
    pattern: /\b(?:percpu|PERCPU): allocation failed/,
    from: 'pcpu_alloc() (mm/percpu.c)',
  },
  {
    what: 'a DMA pool that could not be made',
    pattern: /\bDMA: failed to allocate .{1,64} pool for atomic allocation/,
    from: '__dma_atomic_pool_init() (kernel/dma/pool.c)',
  },
  {
    what: 'no memory for the bounce buffers',
    pattern: /\bsoftware IO TLB: (?:Cannot allocate|Failed to allocate|No low mem)/i,
    from: 'swiotlb_init_remap() (kernel/dma/swiotlb.c)',
  },
  {
    what: 'a process killed for want of memory',
    pattern: /\binvoked oom-killer:|\bOut of memory: Killed process /,
    from: 'dump_header(), __oom_kill_process() (mm/oom_kill.c)',
  },
  {
    what: 'an initramfs that could not be unpacked',
    pattern: /\bInitramfs unpacking failed: /,
    from: 'do_populate_rootfs() (init/initramfs.c)',
  },
  {
    what: 'a warning',
    pattern: /\bWARNING: /,
    from: '__warn() (kernel/panic.c), print_circular_bug() and others (kernel/locking/lockdep.c)',
  },
  {
    what: 'a bug',
    pattern: /\bkernel BUG at |(?<!watchdog: )\bBUG: (?!soft lockup|workqueue lockup|MAX_)/,
    from: 'report_bug() (lib/bug.c), bad_page() (mm/page_alloc.c), __schedule_bug() (kernel/sched/core.c)',
    isDamage: true,
  },
  {
    what: 'an oops',
    pattern: /\bOops: |\b[0-9a-f]{4} \[#\d+\]|\bgeneral protection fault\b/,
    from: '__die() (arch/x86/kernel/dumpstack.c)',
    isDamage: true,
  },
  {
    what: 'a lock that lockdep does not know',
    pattern: /\bINFO: trying to register non-static key/,
    from: 'register_lock_class() (kernel/locking/lockdep.c)',
  },
  {
    what: 'an object that was overwritten',
    pattern:
      /\b(?:Redzone|Poison|[Pp]adding) overwritten\b|\bObject already free\b|\bpagealloc: memory corruption\b/,
    from: 'check_bytes_and_report() (mm/slub.c), check_poison_mem() (mm/page_poison.c)',
    isDamage: true,
  },
  {
    what: 'a corrupted list',
    pattern: /\blist_(?:add|del) corruption/,
    from: '__list_add_valid_or_report() and others (lib/list_debug.c)',
    isDamage: true,
  },
  {
    what: 'a panic',
    pattern: /\bKernel panic - not syncing/,
    from: 'panic() (kernel/panic.c)',
    isDamage: true,
  },
  {
    what: 'undefined behaviour',
    pattern: /\bUBSAN: /,
    from: 'ubsan_prologue() (lib/ubsan.c)',
  },
  {
    what: 'an interrupt that nobody handles',
    pattern: /\birq \d+: nobody cared/,
    from: '__report_bad_irq() (kernel/irq/spurious.c)',
  },
];

/** A line by which a kernel complains. */
export interface Trouble {
  readonly what: string;
  /** Printable, without its time. */
  readonly line: string;
  /** The same of two boots of a kernel: without what varies. */
  readonly key: string;
}

/** The complaints that are kept. */
const TROUBLE_LIMIT = 256;

/** `[    1.234567] `, and with CONFIG_PRINTK_CALLER `[    1.234567][    T1] `. */
const STAMP = /^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?/;

/** Addresses and numbers vary; the line of a source file does not, in one kernel. */
const VARYING = /(\.[chS]:\d+)|0x[0-9a-f]+|\b[0-9a-f]{16}\b|\d+/g;

/** What a kernel's log complains of, each once. */
export function findTrouble(log: string): Trouble[] {
  const found = new Map<string, Trouble>();
  for (const text of linesOf(log, LOG_LIMITS)) {
    const trouble = troubleIn(text);
    if (trouble && !found.has(trouble.key)) found.set(trouble.key, trouble);
    if (found.size === TROUBLE_LIMIT) break;
  }
  return [...found.values()];
}

function troubleIn(text: string): Trouble | undefined {
  for (const { what, pattern } of COMPLAINTS) {
    const match = pattern.exec(text);
    // What is before it may name the process or the device, which are not always the same.
    if (match) return { what, line: lineOf(text), key: keyOf(text.slice(match.index)) };
  }
  return undefined;
}

function lineOf(text: string): string {
  return printableText(text.replace(STAMP, ''));
}

function keyOf(text: string): string {
  return printableText(text).replaceAll(VARYING, (_, place: string | undefined) => place ?? '#');
}

/** A panic because the agent left by itself, with an exit status: its own fault, unless more went wrong. */
const AGENT_LEFT = /Attempted to kill init! exitcode=0x0000[0-9a-f]{2}00\b/;

/** Whether the agent ended with an exit status of its own, which makes its kernel panic. */
export function leftByItself(log: string): boolean {
  return AGENT_LEFT.test(log);
}

const DAMAGE = COMPLAINTS.filter(({ isDamage }) => isDamage);

/**
 * The first line in which a kernel says that it is broken; null if there is none. `expected` is what the panic says
 * that the cell triggers: with it, the search ends.
 */
export function findDamage(log: string, expected: string | null): string | null {
  for (const whole of linesOf(log, LOG_LIMITS)) {
    const line = whole.trimEnd();
    if (expected !== null && line.includes(expected)) return null;
    if (DAMAGE.some(({ pattern }) => pattern.test(line)) && !leftByItself(line)) return line;
  }
  return null;
}

/** `__dma_atomic_pool_init()` (kernel/dma/pool.c): made if zone DMA has pages (`has_managed_dma()`). */
const DMA_POOL = /\bDMA: preallocated \d+ KiB GFP_KERNEL\|GFP_DMA pool for atomic allocations/;

/** Whether a kernel says that it has memory for `GFP_DMA`, below 16 MiB. */
export function saysDmaPool(log: string): boolean {
  return DMA_POOL.test(log);
}
