// SPDX-License-Identifier: MIT
import type { Bundle } from '../../bundle/bundle.ts';
import {
  type CellSpec,
  type Outcome,
  type Phase,
  STANDARD_CELL,
} from '../../bundle/cell-record.ts';
import type { EvidenceFile } from '../../bundle/evidence.ts';
import { TRIGGERS } from '../../bundle/triggers.ts';
import { Evidence } from '../observe/evidence.ts';
import { bootParamsBytes, efiMapBytes } from '../../memory/testing/efi-memory-map-builder.ts';
import { lowMemoryBytes } from './low-memory-builder.ts';

/**
 * What differs from a cell of a 6.12 kernel without crashkernel, with two CPUs, that is a match.
 */
export interface BundleSpec {
  readonly spec?: Partial<CellSpec>;
  readonly outcome?: Outcome;
  /** The release string in the image's header; without it no kernel is recorded. */
  readonly release?: string;
  /** Contents of evidence files; null for a file that is not there. */
  readonly files?: Readonly<Partial<Record<EvidenceFile, string | Uint8Array | null>>>;
}

const SPEC: CellSpec = {
  ...STANDARD_CELL,
  kernel: 'debian:6.12',
  cpus: 2,
  accel: 'tcg',
  vmcore: 'filtered',
  truth: 'none',
};

/** KPF_RESERVED, KPF_BUDDY and KPF_NOPAGE (include/linux/kernel-page-flags.h). */
const FLAGS = { reserved: 1n << 32n, free: 1n << 10n, absent: 1n << 20n, used: 0n };

const IOMEM = '00001000-0009ffff : System RAM\n00100000-3ea89fff : System RAM\n';
const CRASH_KERNEL = '  1a000000-29ffffff : Crash kernel\n';
const MEMMAP = '0x0 0x9ffff System RAM\n0x100000 0x3ea89fff System RAM\n';
const KALLSYMS = `ffffffff81000000 T _text
ffffffff82000000 T reserve_real_mode
ffffffff83000000 D real_mode_blob
ffffffff83006264 D real_mode_blob_end
`;
const REAL_MODE =
  '{"real_mode_header":"0xffff888000098000","page_offset_base":"0xffff888000000000"}\n';
const LOG = '[    0.000000] Linux version 6.12.43\n';
const PANIC = '[    5.972072] Kernel panic - not syncing: sysrq triggered crash\n';

const CAPTURED: NonNullable<BundleSpec['files']> = {
  'capture/crashed-dmesg': LOG + PANIC,
  'capture/dmesg': LOG,
  'capture/iomem': '1a000000-29ffffff : System RAM\n',
};

/** Builds a bundle in memory. */
export function buildBundle({ spec = {}, outcome, release, files = {} }: BundleSpec = {}): Bundle {
  const whole = { ...SPEC, ...spec };
  const { crashkernel, append } = whole;
  const cmdline = `panic=-1 ${crashkernel === null ? '' : `crashkernel=${crashkernel} `}${append}`;
  const panics = crashkernel === null && whole.trigger !== 'none';
  const cause = panics ? 'guest-reset' : 'guest-shutdown';
  const evidence = {
    'console.log': LOG + PANIC,
    'system/cpus': '0-1\n',
    'system/dmesg': LOG,
    'system/release': '6.12.43\n',
    'system/cmdline': `${cmdline}\n`,
    'system/iomem': crashkernel === null ? IOMEM : IOMEM + CRASH_KERNEL,
    'system/boot-params': bootParamsBytes(),
    'system/efi-memory-map.bin': efiMapBytes([{ type: 7, start: 0n, pages: 0xa0n }]),
    'system/firmware-memmap': MEMMAP,
    'system/kallsyms': KALLSYMS,
    'system/kpageflags': pageFlags({}),
    'system/page0.bin': new Uint8Array(4096),
    'system/real-mode.json': REAL_MODE,
    'jump/low1m.bin': lowMemoryBytes(),
    ...(crashkernel === null ? {} : CAPTURED),
    ...files,
  };
  return {
    folder: '/results/run/cell',
    cell: {
      schema: 1,
      id: 'cell',
      spec: whole,
      kernel: release === undefined ? null : { release, image: '', imageSha256: '', package: null },
      machine: null,
      inputs: [],
      changedInput: null,
      cmdline: { system: cmdline, capture: null },
      known: [],
      fault: null,
      panicLine: TRIGGERS.sysrq.panicLine,
      outcome: outcome ?? { kind: 'completed', cause },
      seconds: {},
      pressure: {},
      attempts: [],
      startedAt: '2026-11-22T13:40:00Z',
    },
    files: new Map(
      (Object.entries(evidence) as [EvidenceFile, string | Uint8Array | null][]).flatMap(
        ([file, content]) => (content === null ? [] : [[file, bytesOf(content)] as const]),
      ),
    ),
  };
}

/** The same as evidence. */
export function buildEvidence(spec: BundleSpec = {}): Evidence {
  return new Evidence(buildBundle(spec));
}

/** The contents of `system/kpageflags`: all pages reserved but those listed. */
export function pageFlags(
  others: Readonly<Partial<Record<keyof typeof FLAGS, readonly number[]>>>,
): Uint8Array {
  const entries = new BigUint64Array(256).fill(FLAGS.reserved);
  for (const seen of Object.keys(others) as (keyof typeof FLAGS)[]) {
    for (const page of others[seen] ?? []) entries[page] = FLAGS[seen];
  }
  return new Uint8Array(entries.buffer);
}

/** The evidence of a kernel that printed this and died before anybody could ask it for more. */
export function diedSaying(log: string): NonNullable<BundleSpec['files']> {
  const asked = [...buildBundle().files.keys()].filter((path) => path !== 'console.log');
  return { ...Object.fromEntries(asked.map((path) => [path, null])), 'console.log': log };
}

/** The machine ended in that phase. */
export function ended(phase: Phase, cause = 'guest-reset'): Outcome {
  return { kind: 'machine-ended', phase, cause, lastLines: ['[ 1.0] last'] };
}

/** The phase overran its budget of 60 s. */
export function overran(phase: Phase, silentMs: number): Outcome {
  return { kind: 'overrun', phase, budgetMs: 60_000, silentMs, lastLines: ['[ 1.0] last'] };
}

/** The agent could not do the phase. */
export function refused(phase: Phase): Outcome {
  return { kind: 'refused', phase, why: 'kexec: no \u001b[31mway', lastLines: [] };
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : content;
}
