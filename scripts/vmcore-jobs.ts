// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { TYPESCRIPT } from '../harness/testing/run-sub1m.ts';
import type { DumpFormats } from '../harness/testing/dump-formats.ts';
import { LOW_PAGES, PAGE_SIZE } from '../harness/memory/pfn.ts';
import type { Peers } from './peer-tools.ts';
import { type TimedCommand, timeCommand } from './time-command.ts';

/** One dump in each format, and the folder for output. */
export interface Dumps extends DumpFormats {
  readonly folder: string;
}

/** What is measured: which tool does what, on which of the dumps. */
export interface Job {
  readonly tool: string;
  readonly does: string;
  readonly on: keyof DumpFormats;
}

/** How it is done. */
interface JobCommand extends Job {
  readonly argv: readonly string[];
  readonly input?: string;
}

const FORMATS = ['compressed', 'flattened', 'elf'] as const;
const SUB1M = join(import.meta.dirname, 'sub1m.sh');
/** Measures itself: without Node's start, and without code that is warm from an earlier run. */
const READER = [
  process.execPath,
  '--import',
  TYPESCRIPT,
  join(import.meta.dirname, 'read-vmcore.ts'),
];

/** The whole command of sub1m, the reading in it, and what crash does before it answers anything. */
export const COMMAND = 'inspect --dmesg --lowmem';
export const READING = 'the reading in it';
export const CRASH_START = 'start';

/** Words of a command that crash takes (`MAXARGS`). */
const CRASH_WORDS = 64;

/** Asks crash for the `struct page` of each low page. */
export const CRASH_LOW_PAGES = Array.from({ length: LOW_PAGES }, (_, page) => {
  const command = page % CRASH_WORDS === 0 ? '\nkmem -p' : '';
  return `${command} ${(page * PAGE_SIZE).toString(16)}`;
}).join('');

/** As far as drgn gets without debug information. */
const DRGN_SCRIPT = 'print(prog["UTS_RELEASE"].string_().decode())';

/** All jobs; those that are compared are next to each other. */
export function vmcoreJobs(dumps: Dumps, { crash, drgn }: Peers): JobCommand[] {
  const out = join(dumps.folder, 'out');
  const sub1m = (does: string, on: Job['on']): JobCommand => {
    const [command = '', ...questions] = does.split(' ');
    return { tool: 'sub1m', does, on, argv: [SUB1M, command, dumps[on], ...questions] };
  };
  const ofCrash = (does: string, on: Job['on'], asked = ''): JobCommand[] =>
    crash ? [{ tool: 'crash', does, on, ...crashCommand(crash, dumps[on], asked) }] : [];
  return [
    ...FORMATS.map((on) => sub1m(COMMAND, on)),
    ...FORMATS.map((on) => ({ tool: 'sub1m', does: READING, on, argv: [...READER, dumps[on]] })),
    ...['inspect', 'inspect --stacks'].map((does) => sub1m(does, 'compressed')),
    ...FORMATS.flatMap((on) => ofCrash(CRASH_START, on)),
    ...['log', 'sys', 'bt'].flatMap((does) => ofCrash(does, 'compressed', does)),
    ...ofCrash('kmem -p, low pages', 'compressed', CRASH_LOW_PAGES),
    ...(['compressed', 'elf'] as const).map((on) => {
      const does = '--dump-dmesg';
      return { tool: 'makedumpfile', does, on, argv: ['makedumpfile', does, '-f', dumps[on], out] };
    }),
    {
      tool: 'makedumpfile',
      does: '-R',
      on: 'flattened',
      argv: ['bash', '-c', 'makedumpfile -R -f "$2" <"$1"', 'bash', dumps.flattened, out],
    },
    ...['-a', '-l', '-n'].map((does) => {
      return { tool: 'readelf', does, on: 'elf' as const, argv: ['readelf', does, dumps.elf] };
    }),
    ...(['compressed', 'elf'] as const).flatMap((on) => {
      const asked = ['-c', dumps[on], '-e', DRGN_SCRIPT];
      return drgn ? [{ tool: 'drgn', does: 'the release', on, argv: [...drgn, ...asked] }] : [];
    }),
  ];
}

/** Times a job. Throws if it fails: a failure is fast. */
export function timeJob({ argv, input, does }: JobCommand): Pick<TimedCommand, 'wallMs' | 'cpuMs'> {
  const timed = timeCommand(argv, input);
  if (timed.status !== 0) throw new Error(`${argv.join(' ')} fails: ${timed.stderr}`);
  return does === READING ? (JSON.parse(timed.stdout) as TimedCommand) : timed;
}

/** The command that asks crash. */
export function crashCommand(
  crash: readonly string[],
  dump: string,
  asked: string,
): Pick<JobCommand, 'argv' | 'input'> {
  return { argv: [...crash, dump], input: `${asked}\nquit\n` };
}
