// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { GuestLinkError, InterruptedError } from '../errors.ts';
import { printableText } from '../memory/printable-text.ts';
import type { GuestAgent } from './guest-agent.ts';
import type { TestPoint } from './guest-tap.ts';
import { type Session, unread } from './session.ts';

/** Ends a line that was begun, then the file (termios(3), VEOF). */
const END_OF_FILE = '\u0004\u0004';

/** The part of the kernel's console that a session needs. */
interface ConsolePort {
  write(bytes: Uint8Array | string): void;
  onBytes(listener: (bytes: Uint8Array) => void): void;
}

/**
 * Runs a session on the console and returns its exit status. A shell shares the console with the kernel's messages; a
 * command has it to itself. The last bytes may come later, until the machine is disposed. The size of the window is the
 * one at the start.
 */
export async function runOnConsole(
  session: Session,
  { agent, console }: { readonly agent: GuestAgent; readonly console: ConsolePort },
  signal: AbortSignal,
): Promise<number> {
  const { command = '', terminal, stdin, stdout } = session;
  const type = (bytes: Uint8Array): void => {
    console.write(bytes);
  };
  const end = (): void => {
    console.write(END_OF_FILE);
  };
  const mark = randomBytes(8).toString('hex');
  console.onBytes(behind(mark, (bytes) => stdout.write(bytes)));
  stdin.on('data', type).once('end', end);
  try {
    // A terminal without a size, as script(1) makes them, is still a terminal.
    const size = terminal ? [terminal.screen.rows || 24, terminal.screen.columns || 80] : [0, 0];
    const words = [
      terminal?.term ?? 'dumb',
      ...size,
      mark,
      Buffer.from(command).toString('base64'),
    ];
    const answer = agent.command('serial', words.join(' '), signal);
    return await Promise.race([answer.then(statusOf), unread(session)]);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new InterruptedError('Interrupted in a session', { cause: signal.reason });
  } finally {
    stdin.off('data', type).off('end', end).pause();
  }
}

/** Passes on what comes behind a mark, which may come in pieces: before it the kernel speaks, not the session. */
export function behind(
  mark: string,
  pass: (bytes: Uint8Array) => void,
): (bytes: Uint8Array) => void {
  let before: Buffer | null = Buffer.alloc(0);
  return (bytes) => {
    if (before === null) {
      pass(bytes);
      return;
    }
    before = Buffer.concat([before, bytes]);
    const at = before.indexOf(mark);
    if (at === -1) {
      before = before.subarray(-mark.length);
    } else {
      pass(before.subarray(at + mark.length));
      before = null;
    }
  };
}

function statusOf({ ok, values }: TestPoint): number {
  const status = Number(values.get('status'));
  if (ok && Number.isInteger(status)) return status;
  const why = printableText(values.get('why') ?? 'the agent gave no reason');
  throw new GuestLinkError(`Cannot open a session on the console: ${why}`);
}
