// SPDX-License-Identifier: MIT
import { Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { BootedCell } from '../cell/boot-cell.ts';
import { GuestLinkError, InterruptedError } from '../errors.ts';
import { runOnConsole } from '../guest-link/serial-session.ts';
import type { Session } from '../guest-link/session.ts';
import { makeSshKeys } from '../guest-link/ssh-keys.ts';
import { SshLink } from '../guest-link/ssh-link.ts';
import { printableText } from '../memory/printable-text.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { withDeadline } from '../process/deadline.ts';
import { makeTerminalRaw } from '../process/raw-terminal.ts';
import { endError } from '../qemu/machine-end.ts';
import type { CommandContext } from './command-context.ts';
import { type ShellOptions, shellLine } from './shell-options.ts';

/** From the agent's hello to a session, ms; it takes a second on an idle host under TCG. */
const CONNECT_BUDGET_MS = 60_000;

/** From a lost connection to the end of the machine that caused it, ms. */
const DYING_MS = 3000;

/** Ctrl-], which leaves a guest that no longer answers, as in telnet and virsh. */
const LEAVE_KEY = 0x1d;

/** What to do in a booted cell. */
export interface ShellWork {
  readonly words: readonly string[];
  readonly options: ShellOptions;
}

/** Does the work, with the user's terminal if there is one. Returns the exit status of the guest's command. */
export async function runSession(
  cell: BootedCell,
  work: ShellWork,
  context: CommandContext,
): Promise<number> {
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const run = work.options.serial ? onConsole : overSsh;
  const running = run(cell, work, { ...context, signal });
  const gone = endOf(cell);
  gone.catch(() => {});
  try {
    return await Promise.race([running, gone]);
  } catch (error) {
    // A lost connection is seen before the end of its machine, which has the reason.
    if (error instanceof GuestLinkError) {
      await Promise.race([gone, delay(DYING_MS, undefined, { ref: false })]);
    }
    throw error;
  } finally {
    over.abort();
    // The terminal is restored before any message about the end.
    await running.catch(() => {});
  }
}

async function endOf({ machine }: BootedCell): Promise<never> {
  const end = await machine.ended;
  if (!end.cause.startsWith('guest-')) throw endError('go on with the session', end);
  throw new GuestLinkError(
    `Cannot go on with the session: the guest ended its machine (${end.cause})`,
  );
}

async function overSsh(
  cell: BootedCell,
  { words, options }: ShellWork,
  context: CommandContext,
): Promise<number> {
  const { signal } = context;
  const budgetMs = CONNECT_BUDGET_MS * options.budget;
  await using link = await withDeadline('a session', { budgetMs, signal }, (either) =>
    connect(cell, options.gdb ?? false, either),
  );
  for (const { local, remote } of options.put) await link.put(local, remote, signal);
  const status = await withTerminal(words, context, (session, leave) => link.run(session, leave));
  for (const { local, remote } of options.get) await link.get(remote, local, signal);
  return status;
}

async function connect(cell: BootedCell, patient: boolean, signal: AbortSignal): Promise<SshLink> {
  const { agent, machine } = cell;
  const keys = makeSshKeys();
  const argument = `${keys.hostKey.toString('base64')} ${keys.clientName}`;
  const { ok, values } = await agent.command('ssh', argument, signal);
  if (!ok) {
    const why = printableText(values.get('why') ?? 'the agent gave no reason');
    throw new GuestLinkError(`Cannot open a session over the network: ${why}; --serial needs none`);
  }
  return SshLink.connect({ port: await machine.forwardedPort(), keys, patient }, signal);
}

function onConsole(
  { agent, machine }: BootedCell,
  { words }: ShellWork,
  context: CommandContext,
): Promise<number> {
  return withTerminal(words, context, (session, leave) =>
    runOnConsole(session, { agent, console: machine.console }, leave),
  );
}

/** Runs a session on standard input and output. A terminal is made raw, and restored afterwards. */
async function withTerminal(
  words: readonly string[],
  { environment, signal, log }: CommandContext,
  run: (session: Session, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const command = shellLine(words);
  if (!(stdin.isTTY && stdout.isTTY)) {
    return run({ command, terminal: null, stdin, stdout, stderr }, signal);
  }
  if (command === undefined) log.info('Ctrl-] leaves a guest that no longer answers');
  await using terminalAgain = new CleanupStack();
  terminalAgain.use(await makeTerminalRaw());
  terminalAgain.defer(() => stdin.unpipe().pause());
  const left = new AbortController();
  const keys = new Transform({
    transform: (bytes: Buffer, _encoding, done) => {
      if (bytes.includes(LEAVE_KEY)) left.abort(new InterruptedError('Left with Ctrl-]'));
      done(null, bytes);
    },
  });
  const terminal = { term: environment.term, screen: stdout };
  const session = { command, terminal, stdin: stdin.pipe(keys), stdout, stderr };
  return await run(session, AbortSignal.any([signal, left.signal]));
}
