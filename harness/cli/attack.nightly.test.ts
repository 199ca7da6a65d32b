// SPDX-License-Identifier: MIT
/**
 * sub1m under attack: in each phase of a cell, each thing that can befall the program, QEMU and the host. Whatever
 * happens, a kernel is never blamed for it (exit status 1), it is no bug of ours (70), and nothing is left running.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFailed } from 'vitest';
import { PHASES, type Phase } from '../bundle/cell-record.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import type { CellDocument } from '../report/schema/run-schema.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { FAST_FIRMWARE, words } from '../testing/checked-cells.ts';
import type { CommandEnd, RunningCommand } from '../testing/run-command.ts';
import { leftBehind, machinesOf, startSub1m } from '../testing/run-sub1m.ts';

const MINUTE_MS = 60_000;

/** Debian's package faketime. */
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

/** What was tried, and what became of it: printed in the end. */
const table: string[] = [];

afterAll(() => {
  process.stderr.write(['experiment | status | verdicts', ...table, ''].join('\n'));
});

/** A run of two cells, one after the other, and what became of it. */
interface Attacked extends CommandEnd {
  readonly cells: readonly CellDocument[];
  /** See `leftBehind`. */
  readonly left: readonly string[];
}

interface Attack {
  readonly what: string;
  /** Null: from the start. */
  readonly phase: Phase | null;
  readonly act?: (run: RunningCommand) => Promise<void>;
  readonly env?: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
}

async function attack(
  temp: TempDir,
  { what, phase, act, env, args = [] }: Attack,
): Promise<Attacked> {
  const results = args.includes('--results') ? [] : ['--results', join(temp.path, 'results')];
  const cells = words('check debian:6.12 --crashkernel 256M --cpus 1,2 --jobs 1 --json');
  const run = startSub1m([...cells, ...FAST_FIRMWARE, ...results, ...args], env);
  if (phase !== null) await run.says(`: ${phase}\n`);
  await act?.(run);
  const end = await run.ended;
  onTestFailed(() => {
    process.stderr.write(end.stderr.slice(-4000));
  });
  const documents = end.stdout === '' ? [] : parseDocument('run', end.stdout).cells;
  const verdicts = documents.map(({ verdict }) => verdictOf(verdict));
  table.push([`${what}, ${phase ?? 'start'}`, end.status, verdicts.join(', ')].join(' | '));
  await expect.poll(() => machinesOf(run.child.pid)).toEqual([]);
  return { ...end, cells: documents, left: leftBehind(run.child.pid) };
}

function verdictOf(verdict: CellDocument['verdict']): string {
  return verdict.kind === 'unjudged' ? `unjudged ${verdict.code}` : verdict.kind;
}

describe('sub1m', () => {
  const ENDS: readonly [string, readonly NodeJS.Signals[], number | null][] = [
    ['SIGTERM', ['SIGTERM'], 143],
    ['SIGHUP', ['SIGHUP'], 129],
    ['SIGINT', ['SIGINT'], 130],
    ['SIGINT twice', ['SIGINT', 'SIGINT'], 130],
    ['SIGKILL', ['SIGKILL'], null],
  ];
  describe.each(ENDS)('that gets %s', (what, signals, status) => {
    it.each(PHASES)('in phase %s leaves no machine, and ends as documented', async (phase) => {
      await using temp = await makeTempDir();
      const act = async ({ child }: RunningCommand): Promise<void> => {
        for (const name of signals) {
          child.kill(name);
          await delay(50);
        }
      };
      const end = await attack(temp, { what, phase, act });
      expect(end.status).toBe(status);
      // After a SIGKILL the next run removes the folders.
      expect(status === null ? [] : end.left).toEqual([]);
    });
  });

  it.each(PHASES)('that is stopped for a minute in phase %s blames no kernel', async (phase) => {
    await using temp = await makeTempDir();
    const act = async ({ child }: RunningCommand): Promise<void> => {
      child.kill('SIGSTOP');
      await delay(MINUTE_MS);
      child.kill('SIGCONT');
    };
    const { status, cells } = await attack(temp, { what: 'sub1m stopped', phase, act });
    expect([0, 69]).toContain(status);
    expect(cells[1]?.verdict.kind).toBe('match');
  });
});

describe('QEMU', () => {
  const signal = async ({ child }: RunningCommand, name: NodeJS.Signals): Promise<void> => {
    // Phase firmware begins before its QEMU does.
    await expect.poll(() => machinesOf(child.pid)).not.toEqual([]);
    for (const pid of machinesOf(child.pid)) process.kill(pid, name);
  };

  it.each(PHASES)(
    'that is killed in phase %s makes its cell unjudged, and no other',
    async (phase) => {
      await using temp = await makeTempDir();
      const act = (run: RunningCommand): Promise<void> => signal(run, 'SIGKILL');
      const { status, cells } = await attack(temp, { what: 'QEMU killed', phase, act });
      const [hit, next] = cells;
      // At the very end there may be nothing left to spoil.
      const kinds = phase === 'off' ? ['unjudged', 'match'] : ['unjudged'];
      expect(kinds).toContain(hit?.verdict.kind);
      expect(hit?.verdict.kind === 'unjudged' ? hit.verdict.why : 'SIGKILL').toContain('SIGKILL');
      expect(next?.verdict.kind).toBe('match');
      expect(status).toBe(hit?.verdict.kind === 'match' ? 0 : 69);
    },
  );

  it.each(PHASES)('that is stopped for a minute in phase %s blames no kernel', async (phase) => {
    await using temp = await makeTempDir();
    const act = async (run: RunningCommand): Promise<void> => {
      await signal(run, 'SIGSTOP');
      await delay(MINUTE_MS);
      await signal(run, 'SIGCONT');
    };
    const { status, cells } = await attack(temp, { what: 'QEMU stopped', phase, act });
    expect(['unjudged', 'match']).toContain(cells[0]?.verdict.kind);
    expect(cells[1]?.verdict.kind).toBe('match');
    expect([0, 69]).toContain(status);
  });
});

/** A file system of `size`, as tmpfs has it. */
async function smallDisk(temp: TempDir, size: string): Promise<TempDir> {
  const path = join(temp.path, 'small');
  await mkdir(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'sub1m-attack', path]);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', [path]);
    },
  };
}

describe('the host', () => {
  it('with a full disk for results', async () => {
    await using temp = await makeTempDir();
    await using small = await smallDisk(temp, '24m');
    const args = ['--results', join(small.path, 'results')];
    const { status, cells } = await attack(temp, { what: 'results full', phase: null, args });
    expect(status).toBe(69);
    expect(cells.map(({ verdict }) => verdict.kind)).toEqual(cells.map(() => 'unjudged'));
  });

  it.each([
    ['temporary files', 'TMPDIR', '256k'],
    ['the cache', 'XDG_CACHE_HOME', '8m'],
  ])('with a full disk for %s', async (place, variable, size) => {
    await using temp = await makeTempDir();
    await using small = await smallDisk(temp, size);
    const env = { [variable]: small.path };
    const { status, cells } = await attack(temp, { what: `${place} full`, phase: null, env });
    expect(status).toBe(69);
    expect(cells.map(({ verdict }) => verdict.kind)).toEqual(cells.map(() => 'unjudged'));
  });

  it('that is so busy that no phase ends in time', async () => {
    await using temp = await makeTempDir();
    const args = ['--budget', '0.02'];
    const { status, cells } = await attack(temp, { what: 'no time', phase: null, args });
    expect(status).toBe(69);
    expect(cells.map(({ verdict }) => verdictOf(verdict))).toEqual(
      cells.map(() => 'unjudged E_DEADLINE'),
    );
  });

  it.each(['+1d', '-1d'])('whose clock jumps by %s while a machine runs', async (jump) => {
    await using temp = await makeTempDir();
    const offset = join(temp.path, 'offset');
    await writeFile(offset, '+0');
    const env = {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
    const act = (): Promise<void> => writeFile(offset, jump);
    const { status, cells } = await attack(temp, {
      what: `clock ${jump}`,
      phase: 'boot',
      act,
      env,
    });
    expect(cells.map(({ verdict }) => verdict.kind)).toEqual(['match', 'match']);
    expect(status).toBe(0);
  });
});
