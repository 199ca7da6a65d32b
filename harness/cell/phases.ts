// SPDX-License-Identifier: MIT
import { rename, truncate } from 'node:fs/promises';
import type { CellSpec, Outcome, Phase } from '../bundle/cell-record.ts';
import { type EvidenceFile, evidenceLimit, evidencePath, evidenceRow } from '../bundle/evidence.ts';
import { findGuestFile } from '../bundle/guest-files.ts';
import { triggerOf } from '../bundle/triggers.ts';
import { SurpriseError } from '../errors.ts';
import type { GuestAgent, GuestRole } from '../guest-link/guest-agent.ts';
import type { TestPoint } from '../guest-link/guest-tap.ts';
import { readObservedTar } from '../guest-link/observed-tar.ts';
import { keepKernelSymbols } from '../memory/kallsyms.ts';
import type { VirtAddr } from '../memory/pfn.ts';
import { printableText } from '../memory/printable-text.ts';
import type { CellDisks } from './cell-disks.ts';
import type { CellMachine } from './cell-machine.ts';
import type { GuestConsole } from './guest-console.ts';
import {
  findSymbol,
  saveGuestMemory,
  saveLowMemory,
  saveStack,
  saveVmcoreinfoCopy,
} from './guest-memory.ts';
import { saveCore } from './save-core.ts';
import type { GuestRam } from './guest-ram.ts';
import { writeEvidence } from './write-evidence.ts';

/** What the agent is told for each kind of vmcore: all of it, by mmap() or by read(), or makedumpfile's dump level. */
const DUMP_LEVEL = { full: 'all', read: 'read', both: 'all', filtered: '31' } as const;

/** The last function that a system kernel calls: the machine is held there, and its memory saved. */
const LAST_CALL = { jump: 'machine_kexec', reboot: 'emergency_restart' } as const;

/** A cell whose machine runs. */
export interface RunningCell {
  readonly spec: CellSpec;
  readonly folder: string;
  /** For large files that nobody needs later. */
  readonly temp: string;
  readonly disks: CellDisks;
  /** Null unless the vmcore is compared with memory. */
  readonly ram: Pick<GuestRam, 'saveLoaded' | 'saveJump' | 'saved'> | null;
  readonly captureCmdline: string | null;
  /** Whether the system kernel counts the branches that it takes (gcov). */
  readonly isCounting: boolean;
  /** Where in the vmcore the agent compares reads: a cell that is run again compares the same. */
  readonly readsSeed: number;
  readonly machine: CellMachine;
  readonly agent: GuestAgent;
  readonly console: GuestConsole;
}

/** A step in a cell's life. */
export interface PhaseStep {
  readonly phase: Phase;
  /** Whether a cell of this kind has the phase. */
  readonly applies: (spec: CellSpec) => boolean;
  /** Whether the phase waits for the machine to end. */
  readonly endsMachine: (spec: CellSpec) => boolean;
  /** Runs the phase; gives an outcome if it ends the cell. */
  readonly run: (cell: RunningCell, signal: AbortSignal) => Promise<Outcome | undefined>;
}

const always = (): boolean => true;
const never = (): boolean => false;
const crashes = (spec: CellSpec): boolean => triggerOf(spec) !== null;
const captures = (spec: CellSpec): boolean => crashes(spec) && spec.crashkernel !== null;
const endsByPanic = (spec: CellSpec): boolean => crashes(spec) && spec.crashkernel === null;
const endsByPowerOff = (spec: CellSpec): boolean => !endsByPanic(spec);
const looksAtMemory = ({ truth, vmcore, crashkernel }: CellSpec): boolean =>
  truth === 'jump' && (crashkernel !== null || vmcore !== 'none');
const withVmcore = (spec: CellSpec): boolean => captures(spec) && spec.vmcore !== 'none';

/** A cell's life, in order. */
export const PHASE_STEPS: readonly PhaseStep[] = [
  { phase: 'firmware', applies: always, endsMachine: never, run: firmware },
  { phase: 'boot', applies: always, endsMachine: never, run: boot },
  { phase: 'observe', applies: always, endsMachine: never, run: observeSystem },
  { phase: 'load', applies: captures, endsMachine: never, run: load },
  { phase: 'trigger', applies: crashes, endsMachine: endsByPanic, run: trigger },
  { phase: 'capture', applies: captures, endsMachine: never, run: capture },
  { phase: 'dump', applies: withVmcore, endsMachine: never, run: dump },
  { phase: 'off', applies: endsByPowerOff, endsMachine: always, run: powerOff },
];

async function firmware(cell: RunningCell): Promise<undefined> {
  await cell.console.kernelSpeaks;
}

async function boot(cell: RunningCell, signal: AbortSignal): Promise<undefined> {
  await cell.agent.hello('system', signal);
}

async function observeSystem(cell: RunningCell, signal: AbortSignal): Promise<Outcome | undefined> {
  const refused = await observe(cell, 'system', signal);
  if (!refused) await saveGuestMemory(cell);
  return refused;
}

async function load(cell: RunningCell, signal: AbortSignal): Promise<Outcome | undefined> {
  const point = await cell.agent.command(
    'load',
    `${cell.spec.load} ${cell.captureCmdline ?? ''}`,
    signal,
  );
  const refused = refusal(cell, 'load', point);
  if (!refused) await cell.ram?.saveLoaded();
  return refused;
}

/** Ends after the kexec jump; without crashkernel, when the panic has ended the machine. */
async function trigger(cell: RunningCell, signal: AbortSignal): Promise<Outcome | undefined> {
  const { ram, spec, folder } = cell;
  const lastCall = LAST_CALL[endsByPanic(spec) ? 'reboot' : 'jump'];
  const place = looksAtMemory(spec) ? await findSymbol(folder, lastCall) : undefined;
  // What is saved at the jump need not be saved here.
  if (!ram || place === undefined) await saveLowMemory(cell);
  const refused =
    place === undefined ? await panic(cell, signal) : await panicHeld(cell, place, signal);
  if (!refused && endsByPanic(spec)) await cell.machine.ended;
  return refused;
}

/** Makes the system kernel panic, and saves its memory at its last call. */
async function panicHeld(
  cell: RunningCell,
  place: VirtAddr,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  await using hold = await cell.machine.holdAt(place, signal);
  const refused = await panic(cell, signal);
  if (refused) return refused;
  const end = await hold.stopped(signal);
  // If the machine has ended instead, the caller notices, in this phase or the next.
  if (end.kind !== 'held') return undefined;
  if (cell.ram) await saveJump(cell, cell.ram, end.cpu ?? 0);
  else await saveCore(cell, signal);
  await hold.release(signal);
  return undefined;
}

async function saveJump(
  cell: RunningCell,
  ram: NonNullable<RunningCell['ram']>,
  cpu: number,
): Promise<void> {
  await saveLowMemory(cell);
  await saveStack(cell, cpu);
  await saveVmcoreinfoCopy(cell, cpu);
  await ram.saveJump();
}

/** Makes the system kernel panic. */
async function panic(
  { spec, agent, machine, console }: RunningCell,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { agent: argument = '', byHost = null } = triggerOf(spec) ?? {};
  const refused = refusal({ console }, 'trigger', await agent.command('trigger', argument, signal));
  if (!refused && byHost) {
    await machine.sendBreak();
    machine.console.write(byHost.breakThenKeys);
  }
  return refused;
}

async function capture(cell: RunningCell, signal: AbortSignal): Promise<Outcome | undefined> {
  const { hasVmcore, release } = await cell.agent.hello('capture', signal);
  const refused = await observe(cell, 'capture', signal);
  // What it observed tells why.
  if (!refused && !hasVmcore) throw new SurpriseError('no-vmcore', `it is ${release}`);
  return refused;
}

async function dump(cell: RunningCell, signal: AbortSignal): Promise<Outcome | undefined> {
  const { spec, disks, agent } = cell;
  if (spec.vmcore === 'none' || disks.vmcore === undefined) return undefined;
  const point = await agent.command('dump', DUMP_LEVEL[spec.vmcore], signal);
  const refused = refusal(cell, 'dump', point);
  if (refused) return refused;
  await truncate(disks.vmcore.path, byteCount(point, disks.vmcore.size));
  await rename(disks.vmcore.path, evidencePath(cell.folder, 'vmcore'));
  // After the dump: a kernel that dies of these reads has left its vmcore.
  return compareReads(cell, signal);
}

/** Has the agent read the vmcore in every way. */
async function compareReads(cell: RunningCell, signal: AbortSignal): Promise<Outcome | undefined> {
  const which = cell.spec.vmcore === 'both' ? 'all' : 'sample';
  const point = await cell.agent.command('reads', `${cell.readsSeed} ${which}`, signal);
  return refusal(cell, 'dump', point) ?? keepFiles(cell, 'capture', point);
}

async function powerOff(cell: RunningCell, signal: AbortSignal): Promise<Outcome | undefined> {
  if (!crashes(cell.spec)) await saveLowMemory(cell);
  const refused = refusal(cell, 'off', await cell.agent.command('poweroff', '', signal));
  if (!refused) await cell.machine.ended;
  return refused;
}

/** Has the agent observe its kernel, and puts what it saw into the bundle. */
async function observe(
  cell: RunningCell,
  role: GuestRole,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const argument = role === 'system' && cell.isCounting ? 'counters' : '';
  const point = await cell.agent.command('observe', argument, signal);
  const refused = refusal(cell, role === 'system' ? 'observe' : 'capture', point);
  return refused ?? keepFiles(cell, role, point);
}

/** Puts the files that the agent wrote into the bundle. */
async function keepFiles(
  { disks, folder, spec }: RunningCell,
  role: GuestRole,
  point: TestPoint,
): Promise<undefined> {
  const disk = disks[role];
  const files = await readObservedTar(disk.path, byteCount(point, disk.size));
  for (const [name, bytes] of files) {
    const file = requireGuestFile(role, name);
    const content = name === 'kallsyms' ? keepKernelSymbols(bytes) : bytes;
    await writeEvidence(folder, file, requireSize(file, content, spec));
  }
}

/** What of a guest's file the bundle has: of a log that is too large the end. Throws `SurpriseError` for other files. */
function requireSize(file: EvidenceFile, bytes: Uint8Array, spec: CellSpec): Uint8Array {
  const limit = evidenceLimit(file, spec);
  if (bytes.length <= limit) return bytes;
  if (evidenceRow(file).keepsEnd) return bytes.subarray(-limit);
  const found = `found ${bytes.length}`;
  throw new SurpriseError('garbage', `${file}: expected at most ${limit} bytes, ${found}`);
}

/** A file that nobody reads is refused, so that nobody misses it; and one that the host makes is not the guest's. */
function requireGuestFile(role: GuestRole, name: string): EvidenceFile {
  const file = findGuestFile(role, name);
  if (file !== undefined) return file;
  throw new SurpriseError(
    'garbage',
    `expected files that guest/PROTOCOL.md names, found ${role}/${name}`,
  );
}

function refusal(
  cell: Pick<RunningCell, 'console'>,
  phase: Phase,
  point: TestPoint,
): Outcome | undefined {
  if (point.ok) return undefined;
  const why = printableText(point.values.get('why') ?? 'the agent gave no reason');
  return { kind: 'refused', phase, why, lastLines: cell.console.lastLines };
}

/** How many bytes of a disk the guest says it wrote. */
function byteCount(point: TestPoint, limit: number): number {
  const bytes = Number(point.values.get('bytes'));
  if (Number.isInteger(bytes) && bytes > 0 && bytes <= limit) return bytes;
  const name = printableText(point.name);
  throw new SurpriseError('garbage', `${name}: expected from 1 to ${limit} bytes, found ${bytes}`);
}
