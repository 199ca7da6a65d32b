// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InspectQuestions, inspectVmcore } from '../harness/report/inspect-report.ts';
import { openFile } from '../harness/process/open-file.ts';
import { hex } from '../harness/memory/pfn.ts';
import { readElfCore } from '../harness/vmcore/dump/elf.ts';
import { openVmcore } from '../harness/vmcore/dump/open-vmcore.ts';
import type { Peers } from './peer-tools.ts';
import { timeCommand } from './time-command.ts';
import { type Dumps, CRASH_LOW_PAGES, crashCommand } from './vmcore-jobs.ts';

/** Whether sub1m and another program give the same answer. */
export interface Comparison {
  readonly what: string;
  readonly same: boolean;
  /** The first line in which they differ. */
  readonly difference?: string;
}

/** The part of sub1m's JSON on a dump that is compared. */
interface Answers {
  readonly dmesg: readonly string[];
  readonly lowmem: readonly { readonly flags: string; readonly refcount: number }[];
  readonly stacks: readonly { readonly frames: readonly { readonly symbol: string }[] }[];
}

interface Summary {
  readonly release: string;
  readonly cpus: number;
  readonly panic: { readonly message: string };
}

/** Asks sub1m and the others the same questions about the same dumps. */
export function compareAnswers(dumps: Dumps, { crash, drgn }: Peers): Comparison[] {
  const questions = { dmesg: true, lowmem: true, stacks: true } as const;
  const ours = answersOf(dumps.compressed, questions) as Answers;
  return [
    ...(['compressed', 'elf'] as const).map((on) =>
      compare(`log of makedumpfile, ${on}`, makedumpfileLog(dumps[on], dumps.folder), ours.dmesg),
    ),
    compare('program headers of readelf', readelfHeaders(dumps.elf), programHeaders(dumps.elf)),
    ...(crash ? compareWithCrash(crash, dumps.compressed, ours) : []),
    ...(drgn ? [compareWithDrgn(drgn, dumps.compressed)] : []),
  ];
}

function answersOf(dump: string, questions: InspectQuestions): unknown {
  using file = openFile(dump);
  const { parts } = inspectVmcore(file, questions, { colour: false, width: 100 });
  return Object.fromEntries(parts.map(({ name, value }) => [name, value]));
}

function compare(what: string, theirs: readonly string[], ours: readonly string[]): Comparison {
  const at = theirs.findIndex((line, index) => line !== ours[index]);
  const line = at === -1 && theirs.length !== ours.length ? theirs.length : at;
  if (theirs.length > 0 && line === -1) return { what, same: true };
  const difference = `theirs "${theirs[line] ?? ''}", ours "${ours[line] ?? ''}"`;
  return { what, same: false, difference };
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function makedumpfileLog(dump: string, folder: string): string[] {
  const path = join(folder, 'log');
  timeCommand(['makedumpfile', '-f', '--dump-dmesg', dump, path]);
  return linesOf(readFileSync(path, 'latin1'));
}

const READELF_LOAD = /^ {2}LOAD +(\S+) (\S+) (\S+) (\S+) (\S+) /gm;

function readelfHeaders(elf: string): string[] {
  const { stdout } = timeCommand(['readelf', '-lW', elf]);
  return [...stdout.matchAll(READELF_LOAD)].map((found) =>
    found
      .slice(1)
      .map((field) => hex(BigInt(field)))
      .join(' '),
  );
}

function programHeaders(elf: string): string[] {
  using file = openFile(elf);
  return readElfCore(file).loads.map((load) =>
    [load.offset, load.vaddr, load.paddr, load.fileBytes, load.memoryBytes].map(hex).join(' '),
  );
}

function compareWithCrash(crash: readonly string[], dump: string, ours: Answers): Comparison[] {
  const asked = ['sys', 'bt', CRASH_LOW_PAGES, 'log'].join('\n');
  const { argv, input } = crashCommand(crash, dump, asked);
  const { stdout } = timeCommand(argv, input);
  const { summary } = answersOf(dump, {}) as { readonly summary: Summary };
  const sys = ['CPUS', 'RELEASE', 'PANIC'].map(
    (key) => new RegExp(`^ *${key}: (.*)`, 'm').exec(stdout)?.[1] ?? 'none',
  );
  const panic = `"Kernel panic - not syncing: ${summary.panic.message}"`;
  const log = stdout.slice(stdout.indexOf('\n[    0.000000] '));
  return [
    compare('CPUs, release and panic of crash', sys, [`${summary.cpus}`, summary.release, panic]),
    compareStacks(stdout, ours),
    compare(
      'count and flags of each low page of crash',
      [...stdout.matchAll(CRASH_PAGE)].map(([, count, flags]) => `${count} ${flags}`),
      ours.lowmem.map(({ refcount, flags }) => `${refcount} ${flags.slice(2)}`),
    ),
    compare('log of crash', linesOf(log), ours.dmesg),
  ];
}

/** `PAGE PHYSICAL MAPPING INDEX CNT FLAGS`, and the names of these. */
const CRASH_PAGE = /^[0-9a-f]{16} +[0-9a-f]+ +\S+ +\S+ +(-?\d+) ([0-9a-f]+)/gm;

/**
 * Each function of crash's must be among ours, in its order. Crash begins a call or two further in, where the registers were
 * saved, and by its search of the stack it misses calls that ORC finds, as the kernel's own trace does: `sysrq_handle_crash`.
 */
function compareStacks(bt: string, { stacks }: Answers): Comparison {
  const frames = stacks[0]?.frames.map(({ symbol }) => symbol.replace(/\+0x[0-9a-f]+$/, '')) ?? [];
  const named = [...bt.matchAll(/^ *#\d+ \[[0-9a-f]+\] (\S+) at /gm)].map(([, name]) => name ?? '');
  const theirs = named.slice(named.indexOf(frames[0] ?? ''));
  return compare(
    'bt of crash',
    theirs,
    frames.filter((name) => theirs.includes(name)),
  );
}

/** All of VMCOREINFO: what drgn has of a kernel without debug information. */
const DRGN_VMCOREINFO = 'print(prog["VMCOREINFO"].string_().decode())';

function compareWithDrgn(drgn: readonly string[], dump: string): Comparison {
  using file = openFile(dump);
  const fields = [...(openVmcore(file).vmcoreinfo?.fields ?? [])].map((field) => field.join('='));
  const { stdout } = timeCommand([...drgn, '-q', '-c', dump, '-e', DRGN_VMCOREINFO]);
  return compare('VMCOREINFO of drgn', linesOf(stdout), fields);
}
