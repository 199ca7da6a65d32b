// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type HostError, QmpError } from '../errors.ts';
import { SZ_1M } from '../memory/pfn.ts';
import type { CleanupStack } from '../process/cleanup-stack.ts';
import { withDeadline } from '../process/deadline.ts';
import { OwnedProcess } from '../process/owned-process.ts';
import { handOver } from './hand-over.ts';
import { HandedFiles } from './handed-files.ts';
import { watchHostFailure } from './host-failure.ts';
import { type HostSocket, listenOnce } from './host-socket.ts';
import { type MachineConfig, type SocketName, socketFile } from './machine-config.ts';
import { type MachineEnd, endBehindBreak, endError } from './machine-end.ts';
import { qemuArgs, quoteOptarg } from './qemu-args.ts';
import { QemuFolder } from './qemu-folder.ts';
import { asUser, chooseQemuUser } from './qemu-user.ts';
import { QmpClient, type QmpOptions } from './qmp-client.ts';
import { SerialPort } from './serial-port.ts';

/** From QEMU's start to the guest's first instruction, ms: it takes a tenth of a second on an idle host. */
const START_BUDGET_MS = 30_000;

/** The same for a machine that reads a saved state, ms: it takes half a second. */
const INCOMING_BUDGET_MS = 120_000;

/** See `Machine.beforeEnd`. */
type LastWork = (() => Promise<void>)[];

/** A QEMU that runs the machine, and the host's ends of all connections with it. */
export interface RunningQemu {
  readonly process: OwnedProcess;
  readonly pid: number;
  readonly qmp: QmpClient;
  readonly console: SerialPort;
  readonly agent: SerialPort;
  readonly personality: SerialPort | undefined;
  readonly ended: Promise<MachineEnd>;
  readonly hostFailure: Promise<HostError>;
  readonly lastWork: LastWork;
  readonly folder: QemuFolder;
}

/** See `Machine.start`; what must be undone goes to `cleanups`. */
export async function startQemu(
  config: MachineConfig,
  options: QmpOptions,
  cleanups: CleanupStack,
): Promise<RunningQemu> {
  const { user } = await chooseQemuUser(config);
  await using handed = new HandedFiles();
  const folder = cleanups.use(await QemuFolder.make(config.folder, user, handed));
  const listen = async (name: SocketName): Promise<HostSocket> =>
    cleanups.use(await listenOnce(folder.path(socketFile(name))));
  const sockets = {
    qmp: await listen('qmp'),
    console: await listen('console'),
    agent: await listen('agent'),
    personality: config.personality && (await listen('personality')),
  };
  const argv = [
    ...(await limitsOf(config)),
    ...(user ? asUser(user) : []),
    config.binary,
    ...qemuArgs(await handOver(config, { handed, folder, user })),
    ...handed.options,
    // It says in a list of processes whose machine it is.
    '-name',
    quoteOptarg(basename(config.folder)),
    // QEMU stays after the guest has ended the machine: if it exited at once, its last event could be lost.
    '-no-shutdown',
  ];
  const process = cleanups.use(OwnedProcess.spawn(argv, handed.descriptors));
  const { pid } = process;
  if (pid === undefined) throw endError('start QEMU', await process.ended);
  const run = async (): Promise<RunningQemu> => {
    const console = new SerialPort(await sockets.console.connected);
    const agent = new SerialPort(await sockets.agent.connected);
    const personality = sockets.personality && new SerialPort(await sockets.personality.connected);
    const qmp = await QmpClient.connect(await sockets.qmp.connected, options);
    const ports = personality ? [console, agent, personality] : [console, agent];
    const lastWork: LastWork = [];
    const ended = machineEnd({ process, qmp, ports, lastWork });
    const hostFailure = watchHostFailure(qmp, config.disks);
    if (config.incoming !== undefined) await stateIsThere(qmp);
    if (config.debugger === undefined) await qmp.execute('cont', {});
    return { process, pid, qmp, console, agent, personality, ended, hostFailure, lastWork, folder };
  };
  const budgetMs = config.incoming === undefined ? START_BUDGET_MS : INCOMING_BUDGET_MS;
  const limits = { budgetMs, signal: options.signal };
  return await withDeadline('QEMU to start', limits, () => orDeath(process, run()));
}

/** What QEMU may take beside the machine's RAM, MiB: its own memory with TCG's code is below 2 GiB. */
const OWN_MEMORY_MIB = 4096;

/**
 * Runs QEMU within limits, for the day that a guest has taken it over: memory, and files not much larger than a dump of
 * the machine; no core dump, which would have the guest's memory, wherever the host puts it.
 */
async function limitsOf({ memoryMiB }: MachineConfig): Promise<string[]> {
  const bytes = (memoryMiB + OWN_MEMORY_MIB) * SZ_1M;
  // Only root may have more than it was given.
  const ours = await readFile('/proc/self/limits', 'utf8');
  const within = (name: string): number => Math.min(bytes, hardLimit(ours, name));
  return ['prlimit', `--data=${within('data')}`, `--fsize=${within('file')}`, '--core=0', '--'];
}

/** A hard limit of `/proc/<pid>/limits` (proc_pid_limits(5)), in bytes. */
function hardLimit(limits: string, name: string): number {
  const hard = new RegExp(`^Max ${name} size +\\S+ +(\\d+) `, 'm').exec(limits)?.[1];
  return hard === undefined ? Infinity : Number(hard);
}

/** Between two polls for the arrival of a saved state, ms: it takes a tenth of a second. */
const STATE_POLL_MS = 10;

/** Waits until `-incoming` has read the state. A QEMU that cannot read it ends. */
async function stateIsThere(qmp: QmpClient): Promise<void> {
  while ((await qmp.execute('query-status', {})).status === 'inmigrate') {
    await delay(STATE_POLL_MS);
  }
}

/** `work`, or the error of a QEMU that ended before it was done. */
async function orDeath<T>(process: OwnedProcess, work: Promise<T>): Promise<T> {
  const death = (async (): Promise<never> => {
    throw endError('start QEMU', await process.ended);
  })();
  // After a success Machine.ended says so.
  death.catch(() => {});
  try {
    return await Promise.race([work, death]);
  } catch (error) {
    // The process knows why the connection broke.
    if (error instanceof QmpError) await endBehindBreak(death);
    throw error;
  }
}

async function machineEnd({
  process,
  qmp,
  ports,
  lastWork,
}: {
  readonly process: OwnedProcess;
  readonly qmp: QmpClient;
  readonly ports: readonly SerialPort[];
  readonly lastWork: LastWork;
}): Promise<MachineEnd> {
  let cause = 'crashed';
  qmp.onEvent(({ name, data }) => {
    // QMP `quit` follows, but is not why a guest ended.
    if (name !== 'SHUTDOWN' || cause !== 'crashed') return;
    cause = String(data['reason']);
    if (cause.startsWith('guest-')) void quitAfter(qmp, lastWork);
  });
  const end = await process.ended;
  await Promise.all([qmp.closed, ...ports.map((port) => port.drain())]);
  return { ...end, cause };
}

/** Ends a QEMU whose guest has ended. A failure of the last work surfaces where it was given. */
async function quitAfter(qmp: QmpClient, lastWork: LastWork): Promise<void> {
  for (const work of lastWork) await Promise.allSettled([work()]);
  qmp.execute('quit', {}).catch(() => {});
}
