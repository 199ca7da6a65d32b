// SPDX-License-Identifier: MIT
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { copyVars, requireOvmf } from '../firmware/ovmf.ts';
import { GuestAgent } from '../guest-link/guest-agent.ts';
import { requireGuestImage } from '../guest-link/initramfs.ts';
import { readObservedTar } from '../guest-link/observed-tar.ts';
import { requireKernel } from '../kernel/require-kernel.ts';
import { silentLog } from '../log.ts';
import { readPageClasses } from '../memory/kpageflags.ts';
import { LOW_PAGES, type VirtAddr } from '../memory/pfn.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { Machine } from '../qemu/machine.ts';
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

/** A kernel without BTF; nothing but memory tells the layout of its structures. */
const KERNEL = 'recipe:two-phase-6.12';

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
  const spec = cellSpec({ kernel: KERNEL, crashkernel: null, cpus: 2, append });
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

beforeAll(async () => {
  await using booted = await boot(`${NO_KASLR} ${NO_INIT}`);
  const { machine } = booted;
  machine.beforeEnd(async () => {
    await using ram = await machine.openRam();
    const memory = ramMemory(ram.place);
    const cpus = parseMonitorRegisters(await machine.registers());
    const { kernel } = openFoundKernel(memory, findKernelImage(memory, cpus, HINT), []);
    symbols = new Map(
      [...(kernel.kallsyms.value ?? [])].map(({ name, address }) => [name, address]),
    );
  });
  expect(await machine.ended).toMatchObject({ cause: 'guest-reset' });
});

describe('a kernel that stands still in its boot', () => {
  it.each([
    { at: 'setup_arch', pages: /had not made its struct pages yet/, trampoline: /yet$/ },
    { at: 'mem_init', pages: /had not given its memory to the page allocator/, trampoline: /yet$/ },
    { at: 'rest_init', pages: undefined, trampoline: /yet$/ },
    { at: 'free_initmem', pages: undefined, trampoline: undefined },
  ])('shows its log, pages, memblock, trampoline and stack at $at', async (wanted) => {
    await using booted = await boot(NO_KASLR);
    const { machine } = booted;
    const place = symbols.get(wanted.at);
    expect(place).toBeDefined();
    await using hold = await machine.holdAt(place as VirtAddr, signal);
    expect(await hold.stopped(signal)).toMatchObject({ kind: 'held' });
    const dead = await examine(machine);
    const { lowPages, trampoline, memblock, stacks } = dead;
    const innermost = stacks.map(({ trace }) => trace.value?.frames[0]?.symbol);
    expect(innermost).toContain(`${wanted.at}+0x0`);
    const log = linesOf(dead);
    // The last bytes may be on their way; what garbles the console is not in memory.
    const lost = printedLines(booted.printed()).filter((line) => !log.has(line));
    expect(lost.length).toBeLessThan(log.size / 20 + 1);
    if (wanted.pages)
      expect(lowPages).toMatchObject({
        value: null,
        why: expect.stringMatching(wanted.pages) as string,
      });
    else expect(lowPages.value).toHaveLength(LOW_PAGES);
    if (wanted.trampoline)
      expect(trampoline).toMatchObject({ why: expect.stringMatching(wanted.trampoline) as string });
    else expect(trampoline.value).toMatchObject({ copied: true });
    expect(memblock.value).not.toBeNull();
    const { image: _found, stacks: _stacks, ...blind } = await examine(machine, true);
    expect(dead).toMatchObject(blind);
  });
});

it('shows the pages as the kernel itself does, and dies with KASLR, too', async () => {
  await using booted = await boot('');
  const { machine, agent, disk } = booted;
  await agent.hello('system', signal);
  const bytes = Number((await agent.command('observe', '', signal)).values.get('bytes'));
  const flags = (await readObservedTar(disk, bytes)).get('kpageflags');
  await machine.pause();
  const { lowPages, release, layout } = await examine(machine);
  expect(lowPages.value).toEqual(readPageClasses(flags ?? new Uint8Array()));
  expect(lowPages.value).toContain('free');
  expect({ release, layout }).toEqual({
    release: { value: expect.any(String) as string },
    layout: 'vmcoreinfo',
  });
  await machine.resume();
  await delay(0);
});
