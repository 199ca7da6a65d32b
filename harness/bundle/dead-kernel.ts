// SPDX-License-Identifier: MIT
/** `dead/kernel.json`: what the memory of a machine showed of the kernel that died or hung in it. */
import { z } from 'zod';
import { parseJsonFile } from '../json-file.ts';
import type { Seen } from '../seen.ts';
import { MESSAGE_LIMIT, PHASES, SCHEMA_VERSION } from './cell-record.ts';
import { CPUS_LIMIT } from './evidence-limits.ts';

/** In hexadecimal; a number once it is read, of at most 52 bits: the end of a range may be one beyond. */
const paddr = z
  .string()
  .regex(/^0x(?:[0-9a-f]{1,13}|10{13})$/)
  .transform(Number);

/** A kernel's virtual address, in hexadecimal. */
const vaddr = z.string().regex(/^0x[0-9a-f]{1,16}$/);

/** What the kernel says, and why something is missing. */
export const said = z.string().max(MESSAGE_LIMIT);

/** The class of each of the 256 pages below 1 MiB. */
export const lowPages = z.array(z.enum(['reserved', 'absent', 'free', 'used'])).length(256);

/** A value, or why there is none. */
export function seen<O, I>(value: z.ZodType<O, I>): z.ZodType<Seen<O>, Seen<I>> {
  return z.union([z.object({ value }), z.object({ value: z.null(), why: said })]);
}

/** Half-open; `flags` are `enum memblock_flags`. */
const regions = z.array(z.object({ start: paddr, end: paddr, flags: z.number() })).max(65_536);

const traceSchema = z.object({
  by: z.enum(['orc', 'frame pointers']),
  /** Innermost first; a number where no symbol is known. */
  frames: z.array(z.object({ ip: vaddr, sp: vaddr, symbol: said })).max(256),
  /** Why it ends. */
  end: said,
});

const kernelSchema = z.object({
  /** The capture kernel lies in crashkernel memory. */
  role: z.enum(['system', 'capture']),
  image: z.object({
    /** `_text`. */
    text: vaddr,
    paddr,
    by: z.enum(['page tables of a CPU', 'search']),
  }),
  release: seen(said),
  /** How many symbols its kallsyms has. */
  symbols: seen(z.number()),
  /** What the layout of its structures is known by. */
  layout: z.enum(['vmcoreinfo', 'btf', 'table']),
  /** The variable `system_state`: 0 and 1 while it boots, unless it panics. */
  systemState: seen(z.number()),
  /** The log itself is `dead/dmesg`. */
  log: seen(z.object({ records: z.number() })),
  panic: z
    .object({
      message: said.nullable(),
      cpu: z.number().nullable(),
      task: z.object({ pid: z.number(), comm: said }).nullable(),
    })
    .nullable(),
  lowPages: seen(lowPages),
  memblock: seen(z.object({ memory: regions, reserved: regions })),
  trampoline: seen(
    z.object({
      paddr,
      /** Of the blob that goes there. */
      bytes: z.number().nullable(),
      /** Whether the bytes there are a trampoline's. */
      copied: z.boolean(),
    }),
  ),
  /** Of each CPU. */
  stacks: z
    .array(z.object({ cpu: z.number(), halted: z.boolean(), trace: seen(traceSchema) }))
    .max(CPUS_LIMIT),
});

/** See the file's head. */
export const deadKernelSchema = z.object({
  schema: z.literal(SCHEMA_VERSION),
  /** The phase that the cell was in. */
  phase: z.enum(PHASES),
  /** The kind of the cell's outcome. */
  how: z.enum(['machine-ended', 'overrun', 'surprise']),
  /** Seconds that the look took. */
  seconds: z.number(),
  kernel: seen(kernelSchema),
});

/** As a file has it. */
export type DeadKernelFile = z.input<typeof deadKernelSchema>;
/** As it is read. */
export type DeadKernelRecord = z.output<typeof deadKernelSchema>;

/** The kernel in it. */
export type DeadKernel = NonNullable<DeadKernelRecord['kernel']['value']>;

/** Parses the text of such a file. Throws `FormatError`. */
export function parseDeadKernel(text: string, path = 'dead/kernel.json'): DeadKernelRecord {
  return parseJsonFile(text, path, {
    name: 'record of a dead kernel',
    schema: deadKernelSchema,
    advice: 'run the cell again',
  });
}
