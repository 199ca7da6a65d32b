// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { POLICY_IDS } from '../policy-id.ts';
import { SURPRISE_NAMES } from '../surprises.ts';
import { CPUS_LIMIT, MEMORY_LIMIT_MIB } from './evidence-limits.ts';
import { TRIGGERS, TRIGGER_IDS } from './triggers.ts';

/** The version of every JSON file in a results folder. */
export const SCHEMA_VERSION = 1;

/** Characters of a path (PATH_MAX), a reference, a name: a bundle may be a stranger's, so everything has a limit. */
export const WORDS_LIMIT = 4096;
const words = z.string().max(WORDS_LIMIT);

/** Characters of a message: a writer cuts it there. */
export const MESSAGE_LIMIT = 16_384;
const message = z.string().max(MESSAGE_LIMIT);

/** Entries of a list. */
export const LIST_LIMIT = 1000;

/** The name of a cell, which is that of its folder. */
const cellId = z.string().regex(/^\w[\w.-]{0,254}$/, 'expected a plain name');

/** The id of an invariant, of any release. */
const invariantId = z.string().max(255);

/** A cell's life, in order (DESIGN.md, "Phases of a cell"). */
export const PHASES = [
  'firmware',
  'boot',
  'observe',
  'load',
  'trigger',
  'capture',
  'dump',
  'off',
] as const;

const phaseSchema = z.enum(PHASES);

/** One step in a cell's life. */
export type Phase = z.infer<typeof phaseSchema>;

/** What was asked of a cell: one kernel × one machine × crashkernel × load syscall × trigger. */
export const cellSpecSchema = z.object({
  /** Kernel reference as the user wrote it: a path or `debian:<version or package>`; one argument (MAX_ARG_STRLEN). */
  kernel: z.string().max(131_072),
  /** The value of `crashkernel=`, or null for none. */
  crashkernel: words.nullable(),
  /** Firmware layout below 1 MiB: `stock` is OVMF's own; else an id of `images/layouts/`, or a path. */
  layout: words,
  /** Whether the cell is judged too when OVMF could not be given the layout in full. */
  layoutBestEffort: z.boolean().default(false),
  /** The firmware: `host` is what the host has; else `debian:<version>` or the path of its code image. */
  ovmf: words.default('host'),
  /** Which syscall loads the capture kernel. */
  load: z.enum(['kexec_file_load', 'kexec_load']),
  /** How the system kernel is made to panic: a row of `TRIGGERS`. */
  trigger: z.enum(TRIGGER_IDS),
  cpus: z.number().int().positive().max(CPUS_LIMIT),
  memoryMiB: z.number().int().positive().max(MEMORY_LIMIT_MIB),
  accel: z.enum(['auto', 'kvm', 'tcg']),
  /**
   * How much of the vmcore is kept, and how it is taken: all of it by mmap(), by read(), or by mmap() with every page
   * compared with read(); what makedumpfile keeps; or nothing.
   */
  vmcore: z.enum(['full', 'read', 'both', 'filtered', 'none']),
  /**
   * What the vmcore is compared with: guest memory at the kexec jump, or nothing. Bundles from before there was a
   * choice have nothing.
   */
  truth: z.enum(['jump', 'none']).default('none'),
  /** Appended to the system kernel's command line. */
  append: message,
  /** The policy that the kernel is held to; `auto`: its own, told by what it has. */
  policy: z.enum(['auto', ...POLICY_IDS]),
  /** Whether the cell is unjudged if a promise could not be seen, although it is the kernel that hides it. */
  strict: z.boolean().default(false),
  /** Whether the machine boots its firmware itself, and does not go on from one that was saved. */
  freshFirmware: z.boolean().default(false),
});

/** A defect that a matrix lists, where a cell is one in which it shows. */
const cellDefectSchema = z.object({
  /** The id of an invariant. */
  invariant: invariantId,
  /** Where it is told of: an address, a Message-ID, a commit. */
  reference: words,
});

/** A mistake that the cell's kernel was given, to test sub1m with. */
const cellFaultSchema = z.object({
  name: words,
  /** The ids of the invariants that name it: one of them must be broken. */
  caughtBy: z.array(invariantId).max(LIST_LIMIT),
});

/** See `cellSpecSchema`. */
export type CellSpec = z.infer<typeof cellSpecSchema>;

/** What a cell is unless its matrix or the command line says otherwise. */
export const STANDARD_CELL: Omit<CellSpec, 'kernel'> = {
  crashkernel: null,
  layout: 'stock',
  layoutBestEffort: false,
  ovmf: 'host',
  load: 'kexec_file_load',
  trigger: 'sysrq',
  cpus: 1,
  memoryMiB: 1024,
  accel: 'auto',
  vmcore: 'full',
  truth: 'jump',
  append: '',
  policy: 'auto',
  strict: false,
  freshFirmware: false,
};

/** QEMU's `ShutdownCause`, or how QEMU itself ended. */
const cause = z.string().regex(/^[a-z-]{1,60}$/);

const lastLinesSchema = z.array(message).max(LIST_LIMIT);

/**
 * How a cell's life ended. None of them is a verdict: `check/` decides what each says of the kernel.
 * `lastLines` are the last lines of the console, made printable.
 */
const outcomeSchema = z.discriminatedUnion('kind', [
  /** Every phase ended as planned; `cause` is QEMU's `ShutdownCause` of the end, e.g. `guest-reset`. */
  z.object({ kind: z.literal('completed'), cause }),
  /** The machine was reset or powered off from inside in a phase where it must go on. */
  z.object({
    kind: z.literal('machine-ended'),
    phase: phaseSchema,
    /** QEMU's `ShutdownCause`, or `crashed` when QEMU itself died. */
    cause,
    lastLines: lastLinesSchema,
  }),
  /** A phase overran its budget; `silentMs` is how long the console had been silent by then. */
  z.object({
    kind: z.literal('overrun'),
    phase: phaseSchema,
    budgetMs: z.number(),
    silentMs: z.number(),
    lastLines: lastLinesSchema,
  }),
  /** The agent could not do what it was told, and said why. */
  z.object({
    kind: z.literal('refused'),
    phase: phaseSchema,
    why: message,
    lastLines: lastLinesSchema,
  }),
  /** The guest did not keep to guest/PROTOCOL.md. */
  z.object({
    kind: z.literal('surprise'),
    phase: phaseSchema,
    surprise: z.enum(SURPRISE_NAMES),
    why: message,
    lastLines: lastLinesSchema,
  }),
  /** The harness or the host failed: nothing follows for the kernel. `code` is that of the error (`codeOf()`). */
  z.object({
    kind: z.literal('infra'),
    phase: phaseSchema.nullable(),
    code: z.string().regex(/^E_[A-Z_]{1,60}$/),
    message,
  }),
]);

/** See `outcomeSchema`. */
export type Outcome = z.infer<typeof outcomeSchema>;

/** The kernel image that a reference led to. */
const kernelRecordSchema = z.object({
  /** The release string in the image's header, e.g. `6.12.43+deb12-cloud-amd64`. */
  release: words,
  image: words,
  imageSha256: words,
  /** Name and version of the package it came from, or null for a bare image. */
  package: words.nullable(),
});

/** The machine that a cell ran on. */
const machineRecordSchema = z.object({
  qemu: z.object({ binary: words, version: words }),
  ovmf: z.object({ code: words, sha256: words }),
  accel: z.object({ kind: z.enum(['kvm', 'tcg']), why: message }),
  /**
   * Whether the machine went on from a saved firmware, and which by its shape (`firmware-shape.ts`), or booted its own,
   * and why.
   */
  firmware: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('saved'), key: words }),
      z.object({ kind: z.literal('fresh'), why: message }),
    ])
    .default({ kind: 'fresh', why: 'of a sub1m that saved none' }),
});

/** What a machine is given by the host. */
const MACHINE_INPUTS = [
  'kernel',
  'initramfs',
  'input disk',
  'firmware',
  'variable store',
  'option ROM',
  'layout',
  'saved firmware',
] as const;

const machineInputSchema = z.object({
  what: z.enum(MACHINE_INPUTS),
  path: words,
  /** Of the bytes that the machine was given. */
  sha256: words,
});

const share = z.number().min(0).max(1).nullable();

/**
 * What the host let the machine have during a phase: shares from 0 to 1, null where the host's kernel does not say
 * (`HostLoad`, `HostPressure`).
 */
const phasePressureSchema = z.object({
  /** Of the time: some task of the host waited for a processor. */
  cpu: share,
  /** Of the time: all waited for memory, or for a disk. */
  memory: share,
  io: share,
  /** Of the processors' time: a hypervisor took it. */
  steal: share,
  /** Of the time that QEMU wanted to run: it had no processor. */
  waited: share,
  /** The most machines of the same sub1m at a time. */
  machines: z.number().int().nonnegative(),
  /** The least memory that was available, MiB. */
  availableMiB: z.number().nonnegative().nullable(),
});

/** An attempt at the cell that came to nothing, so that it was run again. */
const attemptSchema = z.object({ code: words, why: message });

/** `cell.json`: what was asked, what it was, and how it ended. */
export const cellRecordSchema = z.object({
  schema: z.literal(SCHEMA_VERSION),
  id: cellId,
  spec: cellSpecSchema,
  /** Null when the cell failed before there was one. */
  kernel: kernelRecordSchema.nullable(),
  machine: machineRecordSchema.nullable(),
  /** The files that the machine was given, but for its own copies. */
  inputs: z.array(machineInputSchema).max(LIST_LIMIT).default([]),
  /** Which of them was no longer that when the cell had ended, in a sentence; null if all were. */
  changedInput: message.nullable().default(null),
  cmdline: z.object({ system: message, capture: message.nullable() }),
  /** The known defects that this cell should show. */
  known: z.array(cellDefectSchema).max(LIST_LIMIT).default([]),
  /** The seeded fault of its kernel; null in all cells but those that test sub1m. */
  fault: cellFaultSchema.nullable().default(null),
  /** What the panic's line says that the cell was to trigger; null if none. */
  panicLine: words.nullable().default(TRIGGERS.sysrq.panicLine),
  outcome: outcomeSchema,
  /** Seconds per phase that was entered, and `total`. */
  seconds: z.record(words, z.number()),
  /** By phase; bundles from before it was looked at have none. */
  pressure: z.partialRecord(phaseSchema, phasePressureSchema).default({}),
  /** The attempts before, which proved nothing. */
  attempts: z.array(attemptSchema).max(LIST_LIMIT).default([]),
  /** ISO 8601, in UTC. */
  startedAt: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/),
});

/** See `cellRecordSchema`. */
export type CellRecord = z.infer<typeof cellRecordSchema>;
export type PhasePressure = z.infer<typeof phasePressureSchema>;
export type CellAttempt = z.infer<typeof attemptSchema>;
export type MachineInput = z.infer<typeof machineInputSchema>;
export type CellDefect = z.infer<typeof cellDefectSchema>;
export type CellFault = z.infer<typeof cellFaultSchema>;
export type KernelRecord = z.infer<typeof kernelRecordSchema>;
export type MachineRecord = z.infer<typeof machineRecordSchema>;
