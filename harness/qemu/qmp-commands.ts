// SPDX-License-Identifier: MIT
import { z } from 'zod';

const nothing = z.object({});

/** The QMP commands in use and what each returns (QEMU's `qapi/*.json`). */
export const QMP_RETURNS = {
  qmp_capabilities: nothing,
  'query-status': z.object({ status: z.string() }),
  stop: nothing,
  cont: nothing,
  quit: nothing,
  pmemsave: nothing,
  'dump-guest-memory': nothing,
  'human-monitor-command': z.string(),
  'chardev-send-break': nothing,
  migrate: nothing,
  'query-migrate': z.object({ status: z.string() }),
} as const;

/** The arguments of each. */
export interface QmpArguments {
  readonly qmp_capabilities: Record<string, never>;
  readonly 'query-status': Record<string, never>;
  readonly stop: Record<string, never>;
  readonly cont: Record<string, never>;
  readonly quit: Record<string, never>;
  /** Guest physical memory into a file of the host; `val` is the address, `size` in bytes. */
  readonly pmemsave: { readonly val: number; readonly size: number; readonly filename: string };
  /** All guest memory into an ELF core; `protocol` is `file:` and a path of the host. */
  readonly 'dump-guest-memory': { readonly paging: boolean; readonly protocol: string };
  readonly 'human-monitor-command': {
    readonly 'command-line': string;
    readonly 'cpu-index'?: number;
  };
  readonly 'chardev-send-break': { readonly id: string };
  /** Answers at once; `query-migrate` reports progress. */
  readonly migrate: { readonly uri: string };
  readonly 'query-migrate': Record<string, never>;
}

/** The name of a QMP command in use. */
export type QmpCommand = keyof typeof QMP_RETURNS;

/** What a QMP command returns. */
export type QmpReturn<C extends QmpCommand> = z.infer<(typeof QMP_RETURNS)[C]>;
