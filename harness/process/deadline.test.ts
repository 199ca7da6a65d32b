// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { DeadlineError, InterruptedError } from '../errors.ts';
import { TYPESCRIPT } from '../testing/run-sub1m.ts';
import { withDeadline } from './deadline.ts';
import { runCommand } from './owned-process.ts';
import { makeTempDir } from './temp-dir.ts';

const never = (): Promise<never> => new Promise(() => {});
const quiet = (): AbortSignal => new AbortController().signal;

describe('withDeadline()', () => {
  it('returns what the work returns', async () => {
    const result = withDeadline('it', { budgetMs: 10_000, signal: quiet() }, () =>
      Promise.resolve(7),
    );
    await expect(result).resolves.toBe(7);
  });

  it('passes on an error of the work', async () => {
    const error = new Error('the work failed');
    const result = withDeadline('it', { budgetMs: 10_000, signal: quiet() }, () =>
      Promise.reject(error),
    );
    await expect(result).rejects.toBe(error);
  });

  it('names what was waited for when the budget is used up, and aborts the work', async () => {
    let aborted = false;
    const result = withDeadline('the guest', { budgetMs: 20, signal: quiet() }, (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return never();
    });
    await expect(result).rejects.toThrow(new DeadlineError('the guest', 20));
    await expect(result).rejects.toThrow('Waited 0.02 s for the guest');
    expect(aborted).toBe(true);
  });

  it('ends at once when the caller interrupts, even before it began', async () => {
    const controller = new AbortController();
    const running = withDeadline(
      'the guest',
      { budgetMs: 10_000, signal: controller.signal },
      never,
    );
    controller.abort();
    const late = withDeadline('the guest', { budgetMs: 10_000, signal: controller.signal }, never);
    for (const result of [running, late]) {
      await expect(result).rejects.toThrow(
        new InterruptedError('Interrupted while waiting for the guest'),
      );
    }
  });
});

it('does not count what the process was stopped for', async () => {
  const program = `
    const { withDeadline } = await import(${JSON.stringify(import.meta.resolve('./deadline.ts'))});
    const { signal } = new AbortController();
    console.log('ready');
    // What came meanwhile is heard, although the budget is over by the clock.
    const heard = new Promise((said) => process.stdin.once('data', said));
    console.log(await withDeadline('word', { budgetMs: 3000, signal }, () => heard).then(() => 'heard', String));
    process.exit();`;
  const script = `mkfifo "$DIR/in"; "$NODE" --import "$TYPESCRIPT" --input-type=module -e "$PROGRAM" <"$DIR/in" >"$DIR/out" &
    exec 3>"$DIR/in"; until grep -q ready "$DIR/out" 2>/dev/null; do sleep 0.05; done
    kill -STOP $!; echo word >&3; sleep 4; kill -CONT $!; wait $!; cat "$DIR/out"`;
  await using temp = await makeTempDir();
  const env = { DIR: temp.path, NODE: process.execPath, TYPESCRIPT, PROGRAM: program };
  const { signal } = new AbortController();
  expect(await runCommand(['bash', '-c', script], { signal, env })).toContain('heard');
});
