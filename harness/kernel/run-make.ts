// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { BuildError, DamagedObjectError, HostError, ProcessError } from '../errors.ts';
import type { Log } from '../log.ts';
import { runGroup } from '../process/owned-process.ts';
import { BuildOutput } from './build-output.ts';
import type { Toolchain } from './build-tools.ts';

/** A kernel source, and the folder outside of it that receives the objects. */
export interface Build {
  /** What is being built, for people. */
  readonly name: string;
  readonly tree: string;
  /** The folder of `make O=…`, kept from build to build. */
  readonly objects: string;
  readonly toolchain: Toolchain;
  /** The descriptor of the lock, which make and its children keep for as long as they live. */
  readonly lock: number;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Between two lines of progress, ms. */
const PROGRESS_MS = 5000;

/** The same source gives the same image, wherever and whenever it is built. */
const ENVIRONMENT = {
  LC_ALL: 'C',
  KBUILD_BUILD_TIMESTAMP: 'Thu Jan  1 00:00:00 UTC 1970',
  KBUILD_BUILD_USER: 'sub1m',
  KBUILD_BUILD_HOST: 'sub1m',
  KBUILD_BUILD_VERSION: '1',
  // A make above us has a job server that is not ours.
  MAKEFLAGS: '',
  MAKELEVEL: '',
};

/** A name that leaves room on the line: a recipe's may have many patches, of which the last one tells most. */
function shortened(name: string): string {
  return name.length <= 80 ? name : `${name.slice(0, 24)}…${name.slice(-55)}`;
}

/**
 * Runs make on a kernel with these arguments and logs its progress every few seconds. Throws `BuildError` with the
 * first compiler error, `DamagedObjectError` if an object cannot be read, `HostError` if a disk or memory is full, `ProcessError` if make was killed, `InterruptedError`
 * once make and its children are gone.
 */
export async function runMake(build: Build, args: readonly string[]): Promise<void> {
  const { name, tree, objects, toolchain, lock, signal, log } = build;
  const path = join(objects, 'sub1m-build.log');
  const file = createWriteStream(path);
  // A log that cannot be written is no reason to end; what make says about the disk is.
  file.on('error', () => {});
  const output = new BuildOutput();
  const ticker = setInterval(() => {
    log.info(`building ${shortened(name)}: ${output.progress}`);
  }, PROGRESS_MS);
  let exitCode: number | undefined;
  try {
    const jobs = `--jobs=${availableParallelism()}`;
    // An empty LOCALVERSION keeps `setlocalversion` from asking git, which may write to the tree.
    const argv = [
      'make',
      '-C',
      tree,
      `O=${objects}`,
      'ARCH=x86_64',
      'LOCALVERSION=',
      jobs,
      ...toolchain.makeArguments,
      ...args,
    ];
    const onLine = (line: string): void => {
      output.add(line);
      file.write(`${line}\n`);
    };
    exitCode = await runGroup(argv, { signal, env: ENVIRONMENT, inherit: [lock], onLine });
  } finally {
    clearInterval(ticker);
    file.end();
    // A full disk must not hide what make said about it.
    await finished(file).catch(() => {});
  }
  if (exitCode === 0) return;
  if (exitCode === undefined) throw new ProcessError(`Cannot build ${name}: make was killed`);
  const why = `Cannot build ${name}: ${output.firstError}; the whole output is in ${path}`;
  const { hostAdvice } = output;
  if (hostAdvice === undefined && output.hasDamagedObject) throw new DamagedObjectError(why);
  throw hostAdvice === undefined ? new BuildError(why) : new HostError(`${why}; ${hostAdvice}`);
}
