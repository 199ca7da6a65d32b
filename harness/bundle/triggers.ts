// SPDX-License-Identifier: MIT

/** A way to make the system kernel panic. */
interface Trigger {
  /** What the agent is told with `trigger` (guest/PROTOCOL.md): it panics, or gets its kernel ready to. */
  readonly agent: string;
  /** What the host does once the agent has answered; null where the agent does it all. */
  readonly byHost: { readonly breakThenKeys: string } | null;
  /** What the line of the panic says, by which a crash is known to be this one. */
  readonly panicLine: string;
  /** The options that a kernel must have for it. */
  readonly needs: readonly `CONFIG_${string}`[];
}

/** What `sysrq_handle_crash()` says (drivers/tty/sysrq.c). */
const SYSRQ_PANIC = 'Kernel panic - not syncing: sysrq triggered crash';

/** The ways to make a system kernel panic; null: it is not, and only its ownership of low memory is looked at. */
export const TRIGGERS = {
  /** `c` into `/proc/sysrq-trigger`. */
  sysrq: { agent: 'sysrq', byHost: null, panicLine: SYSRQ_PANIC, needs: ['CONFIG_MAGIC_SYSRQ'] },
  /** A BREAK and `c` on its serial console. */
  'serial-break': {
    agent: 'serial-break',
    byHost: { breakThenKeys: 'c' },
    panicLine: SYSRQ_PANIC,
    needs: ['CONFIG_MAGIC_SYSRQ', 'CONFIG_MAGIC_SYSRQ_SERIAL'],
  },
  none: null,
} as const satisfies Record<string, Trigger | null>;

/** The name of a trigger. */
export type TriggerId = keyof typeof TRIGGERS;

/** See `TRIGGERS`. */
export const TRIGGER_IDS = Object.keys(TRIGGERS) as TriggerId[];

/** The row of a trigger; null for a cell that does not crash. */
export function triggerOf({ trigger }: { readonly trigger: TriggerId }): Trigger | null {
  return TRIGGERS[trigger];
}
