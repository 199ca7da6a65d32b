// SPDX-License-Identifier: MIT
import type { End } from '../ends.ts';
import { InterruptedError } from '../errors.ts';
import { hasMadeEntries } from '../process/cache-growth.ts';
import type { CommandContext } from './command-context.ts';
import { readEnvironment } from './environment.ts';
import { exitStatus, isBisectRun } from './exit-status.ts';
import { watchSignals } from './interrupt.ts';
import { guardOutput } from './output.ts';
import { buildProgram } from './program.ts';
import { reportBug, reportError } from './report-error.ts';
import { showRun } from './show-run.ts';
import { stderrLog } from './stderr-log.ts';

/** After a bug that nobody awaited: how long the command has to clean up and to report what there is, ms. */
const LAST_WORDS_MS = 30_000;

// Nobody else may write to what we make: a link in a results folder would lead the next write astray.
process.umask(process.umask() | 0o022);

const lostOutput = guardOutput();
const interrupt = watchSignals();
/** How the command ends, undefined while it runs; and whether something was thrown that nobody awaits. */
const life: { end: End | number | undefined; hasBug: boolean } = { end: undefined, hasBug: false };

process.on('uncaughtException', endByBug);
process.on('unhandledRejection', endByBug);
// Every exit of ours, and every one that Node chooses, comes by here.
process.on('exit', () => {
  const options = {
    isBisectRun: isBisectRun(process.argv.slice(2)),
    signal: interrupt.number(),
  };
  process.exitCode = exitStatus(finalEnd(), options);
});

life.end = await main();

async function main(): Promise<End | number> {
  let said: End | number = 'done';
  try {
    const context: CommandContext = {
      environment: readEnvironment(process.env),
      signal: interrupt.signal,
      log: stderrLog,
      showRun,
      exit: (how) => {
        said = how;
      },
    };
    // Children of ours, QEMU among them, need not know the passwords in them.
    for (const name of ['SUB1M_QUEUE', 'SUB1M_STORE']) Reflect.deleteProperty(process.env, name);
    const program = await buildProgram(context, process.argv[2]);
    await program.parseAsync();
    if (hasMadeEntries()) {
      const { trimGrownCache } = await import('../runner/trim-cache.ts');
      await trimGrownCache(context.environment, context);
    }
    return said;
  } catch (error) {
    return reportEnd(error);
  }
}

/** After an interrupt a command ends by it, whatever its waits throw. */
function reportEnd(error: unknown): End {
  if (!interrupt.signal.aborted) return reportError(error);
  if (!life.hasBug && !isAbortError(error)) reportError(error);
  return 'interrupted';
}

/** What Node's own functions throw when the signal fires. */
function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Ends the command when something is thrown that nobody awaits: what it has judged so far is reported. */
function endByBug(error: unknown): void {
  reportBug(error);
  // A second one leaves little hope that the command ends by itself.
  if (life.hasBug) process.exit();
  life.hasBug = true;
  interrupt.abort(new InterruptedError('Ended by a bug of ours'));
  setTimeout(() => {
    process.exit();
  }, LAST_WORDS_MS).unref();
}

function finalEnd(): End | number {
  const { end, hasBug } = life;
  if (hasBug) return 'bug';
  if (end === undefined) return endOfUnfinished();
  // A report that was lost proves nothing; how the command failed tells more.
  const isAnswer = typeof end === 'number' || ['done', 'broken', 'unjudged'].includes(end);
  return isAnswer && lostOutput() !== null ? 'host' : end;
}

/** A second Ctrl-C; else nothing is left that the command could wait for. */
function endOfUnfinished(): End {
  return interrupt.number() === null
    ? reportBug(new Error('The command ended before its work was done'))
    : 'interrupted';
}
