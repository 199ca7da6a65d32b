// SPDX-License-Identifier: MIT
import { ExecaError, execa } from 'execa';
import { InterruptedError, ProcessError } from '../errors.ts';

/** How much of a child's standard error an error message or `ProcessEnd` keeps, in characters. */
const STDERR_TAIL = 4000;

/** Between SIGTERM and SIGKILL, ms. */
const TERM_GRACE_MS = 2000;

/** How a child ended: exactly one of `exitCode` and `signal` is set, or neither if it could not be started. */
export interface ProcessEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** The end of its standard error, or why it could not be started. */
  readonly stderr: string;
}

/** PR_SET_PDEATHSIG is the only cleanup that survives a SIGKILL of ours. */
const DIE_WITH_US = ['--pdeathsig', 'KILL', '--'];

const CHILD_OPTIONS = {
  reject: false,
  forceKillAfterDelay: TERM_GRACE_MS,
  // Ctrl-C reaches the whole foreground group; the cleanups must decide, not the terminal.
  detached: true,
} as const;

function spawnOwned(argv: readonly string[], inherit: readonly number[]) {
  return execa('setpriv', [...DIE_WITH_US, ...argv], { ...CHILD_OPTIONS, ...placeOf({ inherit }) });
}

/** A long-running child. It dies with this object, and with this program, even if that is killed. */
export class OwnedProcess implements AsyncDisposable {
  readonly #child: ReturnType<typeof spawnOwned>;
  /** Resolves once the child has ended and was reaped; never rejects. */
  readonly ended: Promise<ProcessEnd>;

  private constructor(child: ReturnType<typeof spawnOwned>) {
    this.#child = child;
    this.ended = (async () => {
      const result = await child;
      return {
        exitCode: result.exitCode,
        signal: result.signal,
        stderr: (result.stderr || (result.shortMessage ?? '')).slice(-STDERR_TAIL),
      };
    })();
  }

  /** Starts `argv`, with open files as its descriptors 3, 4, …. A command that does not exist shows in `ended`. */
  static spawn(argv: readonly string[], inherit: readonly number[] = []): OwnedProcess {
    return new OwnedProcess(spawnOwned(argv, inherit));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** SIGTERM, then SIGKILL; resolves once the child is reaped. */
  async stop(): Promise<ProcessEnd> {
    this.#child.kill('SIGTERM');
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** Added to the environment; undefined is taken away from it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Exit codes that are no error; default only 0. */
  readonly okExitCodes?: readonly number[];
  /** Open files that the command inherits as descriptors 3, 4, …; a lock that it takes on one stays ours. */
  readonly inherit?: readonly number[];
}

/** Options for a command that has children of its own. */
export interface GroupOptions extends Omit<RunOptions, 'okExitCodes'> {
  /** Called with each line of standard output and standard error, as it comes. */
  readonly onLine: (line: string) => void;
}

/**
 * Runs a short command to its end and returns its standard output.
 * Throws `ProcessError` with the end of its standard error, `InterruptedError` when `signal` fires.
 */
export async function runCommand(argv: readonly string[], options: RunOptions): Promise<string> {
  const { signal, okExitCodes = [0] } = options;
  const [file = ''] = argv;
  try {
    const result = await execa('setpriv', [...DIE_WITH_US, ...argv], {
      ...CHILD_OPTIONS,
      ...placeOf(options),
      cancelSignal: signal,
    });
    if (result.exitCode !== undefined && okExitCodes.includes(result.exitCode))
      return result.stdout;
    if (result.isCanceled) throw new InterruptedError(`Interrupted while running ${file}`);
    const how =
      result.exitCode === undefined
        ? (result.shortMessage ?? 'not started')
        : `exit status ${result.exitCode}`;
    throw new ProcessError(`Cannot run "${argv.join(' ')}": ${how}${tail(result.stderr)}`);
  } catch (error) {
    if (error instanceof ExecaError)
      throw new ProcessError(`Cannot run "${file}": ${error.shortMessage}`, { cause: error });
    throw error;
  }
}

/** A command that reads an open file, or nothing. */
interface FilterOptions {
  readonly input?: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a command and yields its standard output as it comes, for as long as the caller takes it. Throws as
 * `runCommand()` does.
 */
export async function* outputOf(
  argv: readonly string[],
  { input, signal }: FilterOptions,
): AsyncGenerator<Uint8Array> {
  const [file = ''] = argv;
  const child = execa('setpriv', [...DIE_WITH_US, ...argv], {
    ...CHILD_OPTIONS,
    // Execa takes any descriptor; its types know only the first few numbers.
    stdio: [input === undefined ? 'ignore' : (input as 3), 'pipe', 'pipe'],
    buffer: { stdout: false },
    encoding: 'buffer',
    cancelSignal: signal,
  });
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
    const { exitCode, stderr, isCanceled } = await child;
    if (isCanceled) throw new InterruptedError(`Interrupted while running ${file}`);
    if (exitCode === 0) return;
    const how = exitCode === undefined ? 'it was killed' : `exit status ${exitCode}`;
    const said = Buffer.from(stderr).toString();
    throw new ProcessError(`Cannot run "${argv.join(' ')}": ${how}${tail(said)}`);
  } finally {
    child.kill('SIGKILL');
    await child;
  }
}

/**
 * Runs a long command that has children of its own, such as make, and returns its exit code, or undefined if a signal
 * killed it. When `signal` fires, the whole process group is ended, and `InterruptedError` is thrown once it is gone.
 */
export async function runGroup(
  argv: readonly string[],
  options: GroupOptions,
): Promise<number | undefined> {
  const { signal, onLine } = options;
  const interrupted = `Interrupted while running ${argv[0] ?? ''}`;
  if (signal.aborted) throw new InterruptedError(interrupted);
  const child = execa('setpriv', [...DIE_WITH_US, ...argv], {
    ...CHILD_OPTIONS,
    ...placeOf(options),
    all: true,
    buffer: false,
  });
  let killing: NodeJS.Timeout | undefined;
  const stop = (): void => {
    killGroup(child.pid, 'SIGTERM');
    killing = setTimeout(() => {
      killGroup(child.pid, 'SIGKILL');
    }, TERM_GRACE_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  // PR_SET_PDEATHSIG ends the leader alone.
  const endWithUs = (): void => {
    killGroup(child.pid, 'SIGKILL');
  };
  process.once('exit', endWithUs);
  try {
    // This ends once every process of the group has closed its output.
    for await (const line of child.iterable({ from: 'all' })) onLine(line);
    const { exitCode } = await child;
    if (signal.aborted) throw new InterruptedError(interrupted, { cause: signal.reason });
    return exitCode;
  } finally {
    signal.removeEventListener('abort', stop);
    process.off('exit', endWithUs);
    clearTimeout(killing);
    endWithUs();
  }
}

/** Signals what is left of a process group. */
function killGroup(leader: number | undefined, name: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, name);
  } catch {
    // Nothing is left of it.
  }
}

/** Where a command runs, and with what. */
function placeOf({ cwd, env, inherit = [] }: Omit<RunOptions, 'signal'>) {
  return {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    // Execa takes any descriptor; its types know only the first few numbers.
    stdio: ['ignore', 'pipe', 'pipe', ...(inherit as 3[])] as const,
  };
}

function tail(stderr: string): string {
  return stderr === '' ? '' : `\n${stderr.slice(-STDERR_TAIL)}`;
}
