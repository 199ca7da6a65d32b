// SPDX-License-Identifier: MIT
/** The machine that sub1m runs on, as its kernel shows it: only read, and nothing is sent. */
import { readFile, readdir } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { FormatError, Sub1mError, messageOf } from '../errors.ts';
import { type Layout, layoutFromMaps } from '../layout/layout.ts';
import { parseLog } from '../layout/log/read-log.ts';
import { readInitrd } from '../memory/boot-params.ts';
import { parseFirmwareMemmap } from '../memory/e820.ts';
import { readEfiMapLocation } from '../memory/efi-memory-map.ts';
import { type PhysRange, clippedRange } from '../memory/phys-range.ts';
import { runCommand } from '../process/owned-process.ts';

/** See the file. */
export interface ThisMachine {
  readonly layout: Layout;
  /** What the kernel was loaded with, and where that lies. */
  readonly reserved: readonly PhysRange[];
  /** Whether a capture kernel is loaded; null if that could not be seen. */
  readonly captureLoaded: boolean | null;
  /** What could not be seen, and why. */
  readonly unseen: readonly string[];
}

/** Programs that print the kernel's log of this boot; the journal has also what the ring buffer lost. */
const LOGS: readonly (readonly string[])[] = [
  ['journalctl', '-k', '-b', '--no-pager', '-o', 'short-monotonic'],
  ['dmesg'],
];

/** Files are read below it: another root is another machine, for tests. */
interface Where {
  readonly root?: string;
  readonly signal: AbortSignal;
}

/** Reads it. Throws `FormatError` if its kernel shows no memory map. */
export async function readThisMachine({ root = '/', signal }: Where): Promise<ThisMachine> {
  const unseen: string[] = ['the BIOS data area: no kernel shows it'];
  const trying = async <T>(what: string, read: () => Promise<T>): Promise<T | null> => {
    try {
      return await read();
    } catch (error) {
      if (signal.aborted) throw error;
      unseen.push(`${what}: ${messageOf(error).split('\n', 1)[0]}`);
      return null;
    }
  };
  const log = await trying("the kernel's log", () => readLog(root, signal));
  const cmdline = await trying('/proc/cmdline', () => readFile(join(root, 'proc/cmdline'), 'utf8'));
  const memmap = await trying('/sys/firmware/memmap', () => readMemmap(root));
  const reserved = await trying('where the boot loader put the EFI map', () => readLoaded(root));
  const loaded = await trying('whether a capture kernel is loaded', () =>
    readFile(join(root, 'sys/kernel/kexec_crash_loaded'), 'utf8'),
  );
  const layout = layoutOf({ log, cmdline, memmap });
  const { efiMap } = layout.maps;
  if (layout.log?.causes.isEfi && efiMap === null) {
    unseen.push('the EFI memory map: only a boot with efi=debug shows it');
  }
  const captureLoaded = loaded === null ? null : loaded.trim() === '1';
  return { layout, reserved: reserved ?? [], captureLoaded, unseen };
}

async function readLog(root: string, signal: AbortSignal): Promise<string> {
  if (root !== '/') return readFile(join(root, 'dmesg'), 'utf8');
  let last: unknown = new FormatError('nothing prints it');
  for (const argv of LOGS) {
    try {
      const text = await runCommand(argv, { signal });
      if (text.includes('Linux version ')) return text;
      last = new FormatError('its first lines are lost');
    } catch (error) {
      if (signal.aborted || !(error instanceof Sub1mError)) throw error;
      last = error;
    }
  }
  throw last;
}

/** As the guest's agent sends it: `START END TYPE` for each entry. */
async function readMemmap(root: string): Promise<string> {
  const folder = join(root, 'sys/firmware/memmap');
  const entries = (await readdir(folder)).toSorted((a, b) => Number(a) - Number(b));
  const lines = entries.slice(0, MEMMAP_LIMIT).map(async (entry) => {
    const [start = '', end = '', type = ''] = await Promise.all(
      ['start', 'end', 'type'].map((name) => readFile(join(folder, entry, name), 'utf8')),
    );
    return `${start.trim()} ${end.trim()} ${type.trim()}`;
  });
  return (await Promise.all(lines)).join('\n');
}

const MEMMAP_LIMIT = 3200;

/** Where the EFI stub or the boot loader left the EFI map and the initrd. */
async function readLoaded(root: string): Promise<PhysRange[]> {
  const bytes = await readFile(join(root, 'sys/kernel/boot_params/data'));
  const map = readEfiMapLocation(bytes);
  const initrd = readInitrd(bytes);
  return [
    ...(map ? [clippedRange(map.address, map.address + map.size)] : []),
    ...(initrd ? [initrd] : []),
  ];
}

interface Read {
  readonly log: string | null;
  readonly cmdline: string | null;
  readonly memmap: string | null;
}

/** The log's maps; if it has none, what the firmware's map and the kernel's own files say, written as a log. */
function layoutOf({ log, cmdline, memmap }: Read): Layout {
  const told = { id: 'this-machine', source: 'this machine' };
  try {
    if (log !== null) {
      const reading = parseLog(log);
      return layoutFromMaps(reading.maps, { ...told, log: reading });
    }
  } catch (error) {
    if (!(error instanceof FormatError) || memmap === null) throw error;
  }
  if (memmap === null) {
    throw new FormatError(
      'Cannot see the memory map of this machine: expected it in the kernel\'s log or in /sys/firmware/memmap; ask as root, or save the log of a boot ("journalctl -k -b") and name it',
    );
  }
  const lines = parseFirmwareMemmap(memmap).map(({ range, ram }) => {
    const [first, last] = [range.start, range.end - 1].map((at) => at.toString(16));
    return `BIOS-e820: [mem 0x${first}-0x${last}] ${ram ? 'usable' : 'reserved'}`;
  });
  const first = [`Linux version ${release()}`, `Command line: ${(cmdline ?? '').trim()}`];
  const reading = parseLog([...first, ...lines, log ?? ''].join('\n'));
  const notes = [...reading.notes, 'The map is of /sys/firmware/memmap: the log has none'];
  return layoutFromMaps(reading.maps, { ...told, log: { ...reading, notes } });
}
