// SPDX-License-Identifier: MIT
import { type ResultPromise, ExecaError, execa } from 'execa';
import { InterruptedError, ProcessError } from '../errors.ts';

/** How much of a child's standard error an error message or `ProcessEnd` keeps, in characters. */
const STDERR_TAIL = 4000;

/** Between SIGTERM and SIGKILL, ms. */
const TERM_GRACE_MS = 2000;

/** How a child ended: exactly one of `exitCode` and `signal` is set, or neither when it could not be started. */
export interface ProcessEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** The last of what it wrote to standard error, or why it could not be started. */
  readonly stderr: string;
}

/** PR_SET_PDEATHSIG is the only cleanup that survives a SIGKILL of ours. */
const DIE_WITH_US = ['--pdeathsig', 'KILL', '--'];

const CHILD_OPTIONS = {
  stdin: 'ignore',
  reject: false,
  forceKillAfterDelay: TERM_GRACE_MS,
  // Ctrl-C reaches the whole foreground group: the cleanups decide, not the terminal.
  detached: true,
} as const;

/** A long-running child. It dies with this object, and with this program even when that is killed. */
export class OwnedProcess implements AsyncDisposable {
  readonly #child: ResultPromise<typeof CHILD_OPTIONS>;
  /** Settles, never rejects, once the child has ended and was reaped. */
  readonly ended: Promise<ProcessEnd>;

  private constructor(child: ResultPromise<typeof CHILD_OPTIONS>) {
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

  /** Starts `argv`; a command that does not exist shows in `ended`. */
  static spawn(argv: readonly string[]): OwnedProcess {
    return new OwnedProcess(execa('setpriv', [...DIE_WITH_US, ...argv], CHILD_OPTIONS));
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
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are no error; default only 0. */
  readonly okExitCodes?: readonly number[];
}

/**
 * Runs a short command to its end and gives its standard output.
 * Throws `ProcessError` with the end of its standard error, `InterruptedError` when `signal` fires.
 */
export async function runCommand(argv: readonly string[], options: RunOptions): Promise<string> {
  const { signal, okExitCodes = [0], cwd, env } = options;
  const [file = ''] = argv;
  try {
    const result = await execa('setpriv', [...DIE_WITH_US, ...argv], {
      ...CHILD_OPTIONS,
      cancelSignal: signal,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
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

function tail(stderr: string): string {
  return stderr === '' ? '' : `\n${stderr.slice(-STDERR_TAIL)}`;
}
