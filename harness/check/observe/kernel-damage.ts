// SPDX-License-Identifier: MIT

/**
 * What a kernel prints when it finds itself broken, and the function that does. Lockups and stalls are not here: a busy
 * host causes them, too. A mere WARNING is not, either.
 */
const SIGNS: readonly RegExp[] = [
  // page_fault_oops(), bad_page(), __schedule_bug(), print_error_description() of KASAN; not watchdog_timer_fn().
  /\bBUG: (?!soft lockup|workqueue lockup|MAX_)/,
  // __die_header()
  /\bOops: /,
  /\binvalid opcode: /,
  // __bug(), exc_general_protection(), exc_double_fault()
  /\bkernel BUG at /,
  /\bgeneral protection fault\b/,
  /\bdouble fault: /,
  // __list_add_valid_or_report(), __list_del_entry_valid_or_report()
  /\blist_(?:add|del) corruption/,
  // check_bytes_and_report(), check_object(), check_poison_mem()
  /\b(?:Redzone|Poison|[Pp]adding) overwritten\b/,
  /\bObject already free\b/,
  /\bpagealloc: memory corruption\b/,
  // schedule_debug(), __stack_chk_fail(), panic()
  /\bcorrupted stack end detected\b/,
  /\bKernel stack is corrupted\b/,
  /\bKernel panic - not syncing/,
];

/** A panic that ends an agent that left by itself, with an exit status: the agent's fault, unless more went wrong. */
export const AGENT_LEFT = /Attempted to kill init! exitcode=0x0000[0-9a-f]{2}00\b/;

/** Characters of a line that are looked at. */
const LINE_LIMIT = 1024;

/**
 * The first line in which a kernel says that it is broken; null if there is none. `expected` is what the panic says
 * that the cell triggers: with it, the search ends.
 */
export function findDamage(log: string, expected: string | null): string | null {
  for (const whole of log.split('\n')) {
    const line = whole.slice(0, LINE_LIMIT).trimEnd();
    if (expected !== null && line.includes(expected)) return null;
    if (SIGNS.some((sign) => sign.test(line)) && !AGENT_LEFT.test(line)) return line;
  }
  return null;
}
