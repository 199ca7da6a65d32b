// SPDX-License-Identifier: MIT
import { existsSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { InterruptedError, ProcessError } from '../errors.ts';
import { OwnedProcess, outputOf, runCommand, runGroup } from './owned-process.ts';

const signal = new AbortController().signal;

describe('OwnedProcess', () => {
  it('is gone when its scope ends', async () => {
    let pid: number | undefined;
    {
      await using child = OwnedProcess.spawn(['sleep', '60']);
      pid = child.pid;
      expect(existsSync(`/proc/${pid}`)).toBe(true);
    }
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('is gone even if it ignores SIGTERM', async () => {
    const child = OwnedProcess.spawn([
      'sh',
      '-c',
      'trap "" TERM; echo up >&2; while :; do sleep 0.1; done',
    ]);
    const end = await child.stop();
    expect(['SIGTERM', 'SIGKILL']).toContain(end.signal);
    expect(existsSync(`/proc/${child.pid}`)).toBe(false);
  });

  it('reports how a child ended by itself, with the end of its standard error', async () => {
    await using child = OwnedProcess.spawn(['sh', '-c', 'echo "no such machine" >&2; exit 3']);
    expect(await child.ended).toEqual({
      exitCode: 3,
      signal: undefined,
      stderr: 'no such machine',
    });
  });

  it('reports a program that does not exist', async () => {
    await using child = OwnedProcess.spawn(['/nonexistent/qemu']);
    const end = await child.ended;
    expect(end.exitCode).not.toBe(0);
    expect(end.stderr).toContain('/nonexistent/qemu');
  });
});

describe('outputOf()', () => {
  const openVersion = (): Promise<FileHandle> => open('/proc/version');

  it('gives what a command makes of an open file', async () => {
    await using file = await openVersion();
    const chunks: Uint8Array[] = [];
    for await (const chunk of outputOf(['cat'], { input: file.fd, signal })) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe(readFileSync('/proc/version', 'utf8'));
  });

  it('ends a command whose output nobody takes any more', async () => {
    await using file = await openVersion();
    let got = 0;
    for await (const chunk of outputOf(['yes'], { input: file.fd, signal })) {
      got += chunk.length;
      if (got > 0) break;
    }
    expect(got).toBeGreaterThan(0);
  });

  it('throws what a command says that fails', async () => {
    await using file = await openVersion();
    const command = ['sh', '-c', 'echo "no such page" >&2; exit 3'];
    const all = async (): Promise<void> => {
      for await (const chunk of outputOf(command, { input: file.fd, signal }))
        expect(chunk).toBe('');
    };
    await expect(all()).rejects.toThrow(ProcessError);
    await expect(all()).rejects.toThrow(/exit status 3\nno such page/);
  });

  it('ends when it is interrupted', async () => {
    await using file = await openVersion();
    const controller = new AbortController();
    const all = async (): Promise<void> => {
      const options = { input: file.fd, signal: controller.signal };
      for await (const chunk of outputOf(['yes'], options)) {
        if (chunk.length > 0) controller.abort();
      }
    };
    await expect(all()).rejects.toThrow(InterruptedError);
  });
});

describe('runCommand()', () => {
  it('returns standard output', async () => {
    expect(await runCommand(['printf', 'a b'], { signal })).toBe('a b');
  });

  it('throws with command, status and standard error', async () => {
    const failing = runCommand(['sh', '-c', 'echo broken >&2; exit 4'], { signal });
    await expect(failing).rejects.toThrow(ProcessError);
    await expect(failing).rejects.toThrow('exit status 4\nbroken');
  });

  it('accepts the exit codes that it is given', async () => {
    expect(await runCommand(['sh', '-c', 'echo x; exit 1'], { signal, okExitCodes: [0, 1] })).toBe(
      'x',
    );
  });

  it('ends the command when interrupted', async () => {
    const controller = new AbortController();
    const running = runCommand(['sleep', '60'], { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toThrow(InterruptedError);
  });
});

describe('runGroup()', () => {
  it('passes on each line of both outputs as it comes, and returns the exit code', async () => {
    const lines: string[] = [];
    const script = 'echo one; echo two >&2; echo three; exit 5';
    const exitCode = await runGroup(['sh', '-c', script], {
      signal,
      onLine: (line) => lines.push(line),
    });
    expect(exitCode).toBe(5);
    expect(lines.toSorted()).toEqual(['one', 'three', 'two']);
  });

  it('also ends the children of its command when interrupted', async () => {
    const controller = new AbortController();
    let pid = '';
    const running = runGroup(['sh', '-c', 'trap "" TERM; sleep 60 & echo $!; wait; wait'], {
      signal: controller.signal,
      onLine: (line) => {
        pid = line;
        controller.abort();
      },
    });
    await expect(running).rejects.toThrow(new InterruptedError('Interrupted while running sh'));
    expect(pid).toMatch(/^\d+$/);
    // An orphan that was killed may stay a zombie for as long as its new parent likes.
    const dead = (): boolean =>
      !existsSync(`/proc/${pid}/exe`) || readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '';
    await expect.poll(dead).toBe(true);
  });

  it('does not start after an interrupt', async () => {
    const running = runGroup(['true'], { signal: AbortSignal.abort(), onLine: () => {} });
    await expect(running).rejects.toThrow(InterruptedError);
  });
});
