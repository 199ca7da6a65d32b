// SPDX-License-Identifier: MIT
import { statfs } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { Sub1mError } from '../errors.ts';
import { type Ovmf, findOvmf } from '../firmware/ovmf.ts';
import { findProgram } from '../process/find-program.ts';
import { readHostLoad } from '../process/host-load.ts';
import { chooseAccelerator } from '../qemu/accelerator.ts';
import { adviceOnKvm, lackOf } from '../qemu/kvm-advice.ts';
import { chooseQemuUser } from '../qemu/qemu-user.ts';
import { type QemuBinary, requireQemu } from '../qemu/qemu-binary.ts';
import type { RunnerContext } from './runner-context.ts';

/** One thing that a host has or lacks. */
export interface HostFinding {
  readonly subject: string;
  readonly ok: boolean;
  /** Whether cells cannot run without it. */
  readonly needed: boolean;
  readonly says: string;
  /** What to do about it, or null. */
  readonly remedy: string | null;
}

/** The programs that the harness runs or copies into a guest, and their Debian packages. */
const PROGRAMS: readonly (readonly [program: string, from: string])[] = [
  ['kexec', 'kexec-tools'],
  ['makedumpfile', 'makedumpfile'],
  ['busybox', 'busybox-static'],
  ['cpio', 'cpio'],
  ['zstd', 'zstd'],
  ['xz', 'xz-utils'],
  ['gcc', 'gcc'],
  ['objcopy', 'binutils'],
  ['modinfo', 'kmod'],
  ['setpriv', 'util-linux'],
  ['prlimit', 'util-linux'],
  ['flock', 'util-linux'],
  ['dpkg-deb', 'dpkg'],
  ['apt-get', 'apt'],
];

/** What one machine of 1 GiB needs, MiB: its memory, and room for its vmcore. */
const MEMORY_NEEDED_MIB = 1536;
const DISK_NEEDED_MIB = 2048;

const MIB = 1024 * 1024;

/** Examines the host. A missing part is a finding; only a broken host makes it throw. */
export async function examineHost(context: RunnerContext): Promise<HostFinding[]> {
  const [qemu, qemuFinding] = await examineQemu(context);
  const [ovmf, ovmfFindings] = await examineOvmf(context);
  return [
    { subject: 'node', ok: true, needed: true, says: process.version, remedy: null },
    qemuFinding,
    ...ovmfFindings,
    ...(qemu && ovmf ? await examineMachines(qemu, ovmf, context) : []),
    ...(await Promise.all(PROGRAMS.map(examineProgram))),
    examineMemory(),
    await examineDisk('cache', context.environment.cacheDir),
    await examineDisk('temporary files', tmpdir()),
  ];
}

async function examineQemu({
  environment,
  signal,
}: RunnerContext): Promise<[QemuBinary | undefined, HostFinding]> {
  const finding = { subject: 'qemu', needed: true, remedy: 'apt-get install qemu-system-x86' };
  try {
    const qemu = await requireQemu(environment.path, signal);
    return [qemu, { ...finding, ok: true, says: `${qemu.version} (${qemu.path})` }];
  } catch (error) {
    if (!(error instanceof Sub1mError)) throw error;
    return [undefined, { ...finding, ok: false, says: error.message }];
  }
}

async function examineOvmf({
  environment,
}: RunnerContext): Promise<[Ovmf | undefined, HostFinding[]]> {
  const { found, rejected } = await findOvmf(environment.firmwareFolders);
  const used = found[0];
  const chosen: HostFinding = {
    subject: 'ovmf',
    ok: used !== undefined,
    needed: true,
    says: used ? `${used.description} (${used.code})` : 'none that can run a machine',
    remedy: 'apt-get install ovmf, or name another with --ovmf',
  };
  const others = [
    ...found.slice(1).map(({ code }) => `${code}: usable`),
    ...rejected.map(({ descriptor, why }) => `${descriptor}: ${why}`),
  ];
  return [
    used,
    [
      chosen,
      ...others.map((says) => ({
        subject: 'ovmf, not used',
        ok: false,
        needed: false,
        says,
        remedy: null,
      })),
    ],
  ];
}

/** What machines run on, and as whom. */
async function examineMachines(
  qemu: QemuBinary,
  firmware: Ovmf,
  context: RunnerContext,
): Promise<HostFinding[]> {
  const { signal, environment, log } = context;
  const options = { binary: qemu.path, firmware, signal, log, cacheFolder: environment.cacheDir };
  const { kind, why, kvm } = await chooseAccelerator('auto', options);
  const { user, obstacle } = await chooseQemuUser({ accel: kind, binary: qemu.path });
  return [
    {
      subject: 'kvm',
      ok: kvm.works,
      needed: false,
      says:
        kind === 'kvm' ? `works: ${why}` : `does not work: ${why}; ${kind.toUpperCase()} is used`,
      remedy: kvm.works ? null : adviceOnKvm(lackOf(kvm), environment.provider),
    },
    {
      subject: 'user of qemu',
      ok: obstacle === null,
      needed: false,
      says: obstacle === null ? (user ? 'one of its own' : 'you') : `root: ${obstacle}`,
      remedy: null,
    },
  ];
}

async function examineProgram([program, from]: readonly [string, string]): Promise<HostFinding> {
  const path = await findProgram(program);
  const says = path ?? 'not found';
  return {
    subject: program,
    ok: path !== undefined,
    needed: true,
    says,
    remedy: `apt-get install ${from}`,
  };
}

function examineMemory(): HostFinding {
  const available = readHostLoad().availableMiB ?? 0;
  return {
    subject: 'memory',
    ok: available >= MEMORY_NEEDED_MIB,
    needed: true,
    says: `${available} MiB available, ${availableParallelism()} CPUs`,
    remedy: `each machine of 1 GiB needs ${MEMORY_NEEDED_MIB} MiB`,
  };
}

async function examineDisk(what: string, folder: string): Promise<HostFinding> {
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = Math.floor((bavail * bsize) / MIB);
    const says = `${free} MiB free in ${folder}`;
    return {
      subject: what,
      ok: free >= DISK_NEEDED_MIB,
      needed: true,
      says,
      remedy: `free ${DISK_NEEDED_MIB} MiB`,
    };
  } catch (error) {
    // The folder is made on first use.
    if (folder !== dirname(folder)) return examineDisk(what, dirname(folder));
    throw error;
  }
}
