// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { evidenceLimit } from '../bundle/evidence.ts';
import { HostError, InterruptedError, ProcessError, QmpError, SurpriseError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { PhaseClock } from './phase-clock.ts';
import { answer, cellSpec, scriptedCell } from './testing/running-cell-builder.ts';
import { PHASE_STEPS } from './phases.ts';
import { type PhaseOptions, runPhases, runSteps } from './run-phases.ts';

const SYSTEM_HELLO = answer('ok', 'hello', { agent: '2', role: 'system', release: '6.12.0' });

/** Budgets of some milliseconds: these machines answer at once or never. */
function options(
  changes: Partial<PhaseOptions> = {},
): PhaseOptions & { readonly entered: string[] } {
  const entered: string[] = [];
  const clock = new PhaseClock((phase) => entered.push(phase));
  const signal = new AbortController().signal;
  return {
    clock,
    budgetScale: 0.001,
    keepMemory: false,
    signal,
    log: silentLog,
    entered,
    ...changes,
  };
}

describe('runPhases()', () => {
  it('names the phase that overran, and leaves registers of the stuck machine', async () => {
    await using temp = await makeTempDir();
    const guest = scriptedCell(cellSpec(), temp.path, () => undefined);
    guest.print('[    0.000000] Linux version 6.12\n[    1.0] stuck here\n');
    const opts = options();
    const outcome = await runPhases(guest.cell, opts);
    expect(outcome).toMatchObject({
      kind: 'overrun',
      phase: 'boot',
      budgetMs: 90,
      lastLines: ['[    0.000000] Linux version 6.12', '[    1.0] stuck here'],
    });
    expect(opts.entered).toEqual(['firmware', 'boot']);
    expect(await readFile(join(temp.path, 'dead/registers'), 'utf8')).toBe('RIP=0\n');
  });

  it('says how the machine ended where it must go on', async () => {
    await using temp = await makeTempDir();
    const guest = scriptedCell(cellSpec(), temp.path, () => undefined);
    guest.print('Linux version 6.12\nKernel panic - not syncing\n');
    guest.end('guest-reset');
    expect(await runPhases(guest.cell, options({ budgetScale: 1 }))).toEqual({
      kind: 'machine-ended',
      phase: 'boot',
      cause: 'guest-reset',
      lastLines: ['Linux version 6.12', 'Kernel panic - not syncing'],
    });
  });

  it('goes on to say so when the machine ends without getting to the kexec jump', async () => {
    await using temp = await makeTempDir();
    await mkdir(join(temp.path, 'system'));
    const symbols = 'ffffffff81000000 T machine_kexec\n';
    await writeFile(join(temp.path, 'system/kallsyms'), symbols);
    const spec = cellSpec({ trigger: 'serial-break', truth: 'jump' });
    const saved: string[] = [];
    const ram = {
      saveLoaded: () => Promise.resolve(),
      saveJump: () => Promise.resolve(void saved.push('jump')),
      saved: () => Promise.resolve(),
    };
    const guest = scriptedCell(spec, temp.path, () => undefined);
    const [trigger] = PHASE_STEPS.filter(({ phase }) => phase === 'trigger');
    guest.end('guest-reset');
    const cell = { ...guest.cell, ram };
    guest.say(answer('ok', 'trigger'));
    expect(await trigger?.run(cell, new AbortController().signal)).toBeUndefined();
    expect(saved).toEqual([]);
  });

  it('gives the reason of an agent that refuses, made printable', async () => {
    await using temp = await makeTempDir();
    const why = 'no virtio-blk disk';
    const guest = scriptedCell(cellSpec(), temp.path, () => answer('not ok', 'observe', { why }));
    guest.print('Linux version 6.12\n');
    guest.say(SYSTEM_HELLO);
    const outcome = await runPhases(guest.cell, options({ budgetScale: 1 }));
    expect(outcome).toMatchObject({ kind: 'refused', phase: 'observe', why });
    expect(guest.told).toEqual(['observe']);
  });

  it.each(['crashed', 'host-signal'])(
    'draws no conclusion from a QEMU that ends by %s',
    async (cause) => {
      await using temp = await makeTempDir();
      const guest = scriptedCell(cellSpec(), temp.path, () => undefined);
      guest.end(cause);
      await expect(runPhases(guest.cell, options({ budgetScale: 1 }))).rejects.toThrow(
        ProcessError,
      );
    },
  );

  it.each([
    ['crashed', ProcessError],
    ['guest-reset', QmpError],
  ])('of a connection broken by a QEMU that ends by %s', async (cause, expected) => {
    await using temp = await makeTempDir();
    const guest = scriptedCell(cellSpec(), temp.path, () => undefined);
    const breaks = PHASE_STEPS.slice(0, 1).map((step) => ({
      ...step,
      run: async (): Promise<never> => {
        setImmediate(() => {
          guest.end(cause);
        });
        throw new QmpError('QEMU closed the connection');
      },
    }));
    await expect(runSteps(breaks, guest.cell, options({ budgetScale: 1 }))).rejects.toBeInstanceOf(
      expected,
    );
  });

  it('finds the full disk behind what QEMU could not do', async () => {
    await using temp = await makeTempDir();
    const { cell } = scriptedCell(cellSpec(), temp.path, () => undefined);
    const refused = PHASE_STEPS.slice(0, 1).map((step) => ({
      ...step,
      run: () => Promise.reject(new QmpError('Cannot execute QMP "pmemsave": An IO error')),
    }));
    // A file system that never has room.
    const running = runSteps(refused, { ...cell, temp: '/proc' }, options({ budgetScale: 1 }));
    await expect(running).rejects.toThrow(
      new HostError(
        'No room is left on the disk of /proc: Cannot execute QMP "pmemsave": An IO error',
      ),
    );
  });

  it.each([
    ['other-agent', 'boot', answer('ok', 'hello', { agent: '1', role: 'system' }), ''],
    ['other-kernel', 'boot', answer('ok', 'hello', { agent: '2', role: 'capture' }), ''],
    ['second-hello', 'observe', SYSTEM_HELLO, SYSTEM_HELLO],
    ['other-answer', 'observe', SYSTEM_HELLO, answer('ok', '\u001b[31mlo\u0000ad')],
    ['garbage', 'observe', SYSTEM_HELLO, answer('ok', 'observe', { bytes: '-1' })],
    ['garbage', 'observe', SYSTEM_HELLO, answer('ok', 'observe', { bytes: '1' })],
  ])('gives the surprise %s in phase %s', async (surprise, phase, ...said) => {
    const [hello, observed] = said;
    await using temp = await makeTempDir();
    await writeFile(join(temp.path, 'disk'), 'x');
    const guest = scriptedCell(cellSpec(), temp.path, () => observed);
    guest.print('Linux version 6.12\n');
    guest.say(hello);
    const outcome = await runPhases(guest.cell, options({ budgetScale: 1 }));
    expect(outcome).toMatchObject({ kind: 'surprise', surprise, phase });
    expect(JSON.stringify(outcome)).not.toContain('\u001b');
    expect(await readFile(join(temp.path, 'dead/registers'), 'utf8')).toBe('RIP=0\n');
  });

  it.each([
    ['capture', { agent: '2', role: 'capture', vmcore: 'no' }, 'no-vmcore'],
    ['capture', { agent: '2', role: 'system', vmcore: 'no' }, 'other-kernel'],
  ])('in phase %s, of an agent with %j, gives the surprise %s', async (phase, values, surprise) => {
    await using temp = await makeTempDir();
    await writeFile(join(temp.path, 'disk'), Buffer.alloc(1024));
    const observed = answer('ok', 'observe', { bytes: '1024' });
    const guest = scriptedCell(cellSpec(), temp.path, () => observed);
    const disk = { path: join(temp.path, 'disk'), size: 1024 };
    const steps = PHASE_STEPS.filter((step) => step.phase === phase);
    guest.say(answer('ok', 'hello', values));
    const disks = { ...guest.cell.disks, capture: disk };
    const running = { ...guest.cell, disks };
    expect(await runSteps(steps, running, options({ budgetScale: 1 }))).toMatchObject({
      kind: 'surprise',
      surprise,
      phase,
    });
  });

  it.each([
    'spare',
    'real-mode.json',
    'page-crcs.gz',
    'efi-memory-map.bin',
    'vmcore-header',
    'kernel.json',
  ])('keeps nothing from the agent that it does not send: %s', async (name) => {
    await using temp = await makeTempDir();
    await writeFile(join(temp.path, name), 'x');
    await promisify(execFile)('tar', ['-cf', 'disk', name], { cwd: temp.path });
    const path = join(temp.path, 'disk');
    const { size } = await stat(path);
    const written = answer('ok', 'observe', { bytes: String(size) });
    const { cell } = scriptedCell(cellSpec(), temp.path, () => written);
    const disks = { ...cell.disks, system: { path, size } };
    const [observe] = PHASE_STEPS.filter(({ phase }) => phase === 'observe');
    const running = observe?.run({ ...cell, disks }, new AbortController().signal);
    const expected = 'expected files that guest/PROTOCOL.md names';
    await expect(running).rejects.toThrow(
      new SurpriseError('garbage', `${expected}, found system/${name}`),
    );
    expect(existsSync(join(temp.path, 'system', name))).toBe(false);
  });

  it('keeps the end of a log that is too large, and takes no other file that is', async () => {
    await using temp = await makeTempDir();
    let written = '';
    const { cell } = scriptedCell(cellSpec(), temp.path, () => written);
    const limit = evidenceLimit('system/dmesg', cell.spec);
    const path = join(temp.path, 'disk');
    const observe = async (name: string, bytes: number): Promise<void> => {
      await writeFile(join(temp.path, name), `${'x'.repeat(bytes - 4)}end\n`);
      await promisify(execFile)('tar', ['-cf', 'disk', name], { cwd: temp.path });
      const { size } = await stat(path);
      written = answer('ok', 'observe', { bytes: String(size) });
      const disks = { ...cell.disks, system: { path, size } };
      const [step] = PHASE_STEPS.filter(({ phase }) => phase === 'observe');
      await step?.run({ ...cell, disks }, new AbortController().signal);
    };
    // The phase ends with an error: this kernel left no iomem.
    await observe('dmesg', limit + 10).catch(() => {});
    const kept = await readFile(join(temp.path, 'system/dmesg'), 'utf8');
    expect([kept.length, kept.slice(-4)]).toEqual([limit, 'end\n']);
    const found = observe('iomem', 2 ** 20 + 1);
    await expect(found).rejects.toThrow(SurpriseError);
    await expect(found).rejects.toThrow(
      'system/iomem: expected at most 1048576 bytes, found 1048577',
    );
    expect(existsSync(join(temp.path, 'system/iomem'))).toBe(false);
  });

  it.each([
    ['full', 'all', 'sample'],
    ['read', 'read', 'sample'],
    ['both', 'all', 'all'],
    ['filtered', '31', 'sample'],
  ] as const)('takes a vmcore (%s), then has it read in every way', async (vmcore, dump, reads) => {
    await using temp = await makeTempDir();
    await mkdir(join(temp.path, 'capture'));
    await writeFile(join(temp.path, 'vmcore-reads'), 'done\n');
    await promisify(execFile)('tar', ['-cf', 'tar', 'vmcore-reads'], { cwd: temp.path });
    await writeFile(join(temp.path, 'vmcore.part'), 'dump, and more');
    const disk = async (name: string): Promise<{ path: string; size: number }> => {
      const path = join(temp.path, name);
      return { path, size: (await stat(path)).size };
    };
    const [part, tar] = [await disk('vmcore.part'), await disk('tar')];
    const { cell, told } = scriptedCell(cellSpec({ vmcore }), temp.path, (command) => {
      const [name = ''] = command.split(' ');
      return answer('ok', name, { bytes: name === 'dump' ? '4' : String(tar.size) });
    });
    const [step] = PHASE_STEPS.filter(({ phase }) => phase === 'dump');
    const disks = { ...cell.disks, capture: tar, vmcore: part };
    await step?.run({ ...cell, disks }, new AbortController().signal);
    expect(told).toEqual([`dump ${dump}`, `reads 7 ${reads}`]);
    expect(await readFile(join(temp.path, 'vmcore'), 'utf8')).toBe('dump');
    expect(await readFile(join(temp.path, 'capture/vmcore-reads'), 'utf8')).toBe('done\n');
  });

  it('stops at once when interrupted', async () => {
    await using temp = await makeTempDir();
    const guest = scriptedCell(cellSpec(), temp.path, () => undefined);
    const controller = new AbortController();
    const running = runPhases(guest.cell, options({ budgetScale: 1, signal: controller.signal }));
    controller.abort();
    await expect(running).rejects.toThrow(InterruptedError);
  });
});
