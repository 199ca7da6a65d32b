// SPDX-License-Identifier: MIT
import { homedir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { copyVars, requireOvmf } from '../firmware/ovmf.ts';
import { GuestAgent } from '../guest-link/guest-agent.ts';
import { requireGuestImage } from '../guest-link/initramfs.ts';
import { readObservedTar } from '../guest-link/observed-tar.ts';
import { requireKernel } from '../kernel/require-kernel.ts';
import { silentLog } from '../log.ts';
import { readPageClasses } from '../memory/kpageflags.ts';
import { type VirtAddr, virtAddr } from '../memory/pfn.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { Machine } from '../qemu/machine.ts';
import { TWO_PHASE, buildTwoPhase } from '../testing/source-kernel.ts';
import { parseMonitorRegisters } from '../vmcore/dump/monitor-registers.ts';
import { openFoundKernel } from '../vmcore/kernel/dead-image.ts';
import { type DeadKernel, examineDeadKernel } from '../vmcore/kernel/dead-kernel.ts';
import { findKernelImage } from '../vmcore/kernel/kernel-image.ts';
import { renderPrintk } from '../vmcore/kernel/printk.ts';
import { machineDisks, makeCellDisks } from './cell-disks.ts';
import { systemCmdline } from './command-line.ts';
import { ramMemory } from './ram-memory.ts';
import { cellSpec } from './testing/running-cell-builder.ts';

const { signal } = new AbortController();
const cacheDir = join(homedir(), '.cache/sub1m');
const HINT = { crashkernel: [], capture: false };

/** Without KASLR a symbol is where it was in the boot before. */
const NO_KASLR = 'nokaslr ignore_loglevel';

/** A kernel that finds nothing to run, and dies of it. */
const NO_INIT = 'init=/nothing rdinit=/nothing';

interface Booted extends AsyncDisposable {
  readonly machine: Machine;
  readonly agent: GuestAgent;
  /** The disk that the agent writes. */
  readonly disk: string;
  /** What the kernel has printed. */
  printed(): string;
}

async function boot(append: string): Promise<Booted> {
  const temp = await makeTempDir();
  const spec = cellSpec({ kernel: TWO_PHASE, crashkernel: null, cpus: 2, append });
  const context = { cacheDir, mirror: undefined, signal, log: silentLog };
  const kernel = await requireKernel(spec.kernel, context);
  const image = await requireGuestImage(kernel, context);
  const disks = await makeCellDisks(spec, {
    input: image.input,
    temp: temp.path,
    bundle: temp.path,
  });
  const ovmf = await requireOvmf();
  const machine = await Machine.start(
    {
      binary: 'qemu-system-x86_64',
      accel: 'tcg',
      cpus: spec.cpus,
      memoryMiB: spec.memoryMiB,
      firmware: { code: ovmf.code, vars: await copyVars(ovmf, temp.path) },
      kernel: kernel.image,
      initrd: image.initrd,
      cmdline: systemCmdline(spec),
      disks: machineDisks(disks),
      folder: temp.path,
    },
    { signal },
  );
  let text = '';
  machine.console.onBytes((bytes) => {
    text += Buffer.from(bytes).toString('latin1');
  });
  return {
    machine,
    agent: new GuestAgent(machine.agent),
    disk: disks.system.path,
    printed: () => text,
    [Symbol.asyncDispose]: async () => {
      await machine[Symbol.asyncDispose]();
      await temp[Symbol.asyncDispose]();
    },
  };
}

/** Examines a machine that stands still; `blind` is without what its CPUs say. */
async function examine(machine: Machine, blind = false): Promise<DeadKernel> {
  await using ram = await machine.openRam();
  const cpus = parseMonitorRegisters(await machine.registers());
  const seen = examineDeadKernel(
    ramMemory(ram.place),
    blind ? cpus.map((cpu) => ({ ...cpu, cr3: 0n })) : cpus,
    HINT,
  );
  if ('why' in seen) throw new Error(seen.why);
  return seen.value;
}

/** Lines of the log without their time. */
function linesOf({ log }: DeadKernel): Set<string> {
  const lines = [...renderPrintk(log.value ?? [])].map((line) => line.replace(/^\[.*?\] /, ''));
  return new Set(lines);
}

/** Whole lines that the kernel has printed, without their time. */
function printedLines(text: string): string[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.flatMap((line) => /^\[ *\d+\.\d{6}\] (.*\S)/.exec(line)?.[1] ?? []);
}

let symbols: ReadonlyMap<string, VirtAddr>;

// It has no BTF; nothing but memory tells the layout of its structures.
buildTwoPhase();

beforeAll(async () => {
  await using booted = await boot(`${NO_KASLR} ${NO_INIT}`);
  const { machine } = booted;
  machine.beforeEnd(async () => {
    await using ram = await machine.openRam();
    const memory = ramMemory(ram.place);
    const { kernel } = openFoundKernel(memory, findKernelImage(memory, [], HINT), []);
    symbols = new Map(
      [...(kernel.kallsyms.value ?? [])].map(({ name, address }) => [name, address]),
    );
  });
  await machine.ended;
});

/** What became of a part: why it was not seen. */
function stateOf(seen: object): unknown {
  return 'why' in seen ? seen.why : 'seen';
}

const NO_PAGES = 'The kernel had not made its struct pages yet';
const NO_ALLOCATOR =
  'The kernel had not given its memory to the page allocator yet (_totalram_pages is 0)';
/** Two-phase kernels take it from the pool, late. */
const NO_TRAMPOLINE = 'The kernel had not reserved memory for its trampoline yet';

describe('a kernel that stands still in its boot', () => {
  it.each([
    { at: 'setup_arch', pages: NO_PAGES, trampoline: NO_TRAMPOLINE },
    { at: 'mem_init', pages: NO_ALLOCATOR, trampoline: NO_TRAMPOLINE },
    { at: 'rest_init', pages: 'seen', trampoline: NO_TRAMPOLINE },
    { at: 'free_initmem', pages: 'seen', trampoline: 'seen' },
  ])('shows its log, pages, memblock, trampoline and stack at $at', async (wanted) => {
    await using booted = await boot(NO_KASLR);
    const { machine } = booted;
    await using hold = await machine.holdAt(symbols.get(wanted.at) ?? virtAddr(0n), signal);
    expect(await hold.stopped(signal)).toMatchObject({ kind: 'held' });
    const dead = await examine(machine);
    const innermost = dead.stacks.map(({ trace }) => trace.value?.frames[0]?.symbol);
    expect(innermost).toContain(`${wanted.at}+0x0`);
    const log = linesOf(dead);
    // What garbles the console is not in memory.
    const lost = printedLines(booted.printed()).filter((line) => !log.has(line));
    expect(lost.length).toBeLessThan(log.size / 20 + 1);
    const { lowPages, trampoline, memblock } = dead;
    expect([lowPages, trampoline, memblock].map(stateOf)).toEqual([
      wanted.pages,
      wanted.trampoline,
      'seen',
    ]);
    // All the same without what its CPUs say.
    const { image: _found, stacks: _stacks, ...blind } = await examine(machine, true);
    expect(dead).toMatchObject(blind);
  });
});

it('shows the pages as the kernel itself does', async () => {
  await using booted = await boot('');
  const { machine, agent, disk } = booted;
  await agent.hello('system', signal);
  const bytes = Number((await agent.command('observe', '', signal)).values.get('bytes'));
  const flags = (await readObservedTar(disk, bytes)).get('kpageflags');
  await machine.pause();
  const { lowPages, layout } = await examine(machine);
  expect(lowPages.value).toEqual(readPageClasses(flags ?? new Uint8Array()));
  expect(lowPages.value).toContain('free');
  expect(layout).toBe('vmcoreinfo');
});

it('shows a kernel that has died, and where it did', async () => {
  await using booted = await boot(NO_INIT);
  const { machine } = booted;
  let dead: DeadKernel | undefined;
  machine.beforeEnd(async () => {
    dead = await examine(machine);
  });
  expect(await machine.ended).toMatchObject({ cause: 'guest-reset' });
  expect(dead?.panic?.message).toMatch(/^VFS: Unable to mount root fs/);
  const frames = dead?.stacks.flatMap(({ trace }) => trace.value?.frames ?? []);
  const functions = frames?.map(({ symbol }) => symbol.replace(/\+.*/, ''));
  expect(functions).toEqual(expect.arrayContaining(['panic', 'kernel_init_freeable']));
});
