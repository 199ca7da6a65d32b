// SPDX-License-Identifier: MIT
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { MachineConfig } from './machine-config.ts';

/** A user of its own for one QEMU, which has no name and owns nothing on the host. */
export interface QemuUser {
  readonly uid: number;
  /** The group of `/dev/kvm`, where it needs that one. */
  readonly group: number | null;
}

/** Whom QEMU runs as. */
interface QemuUserChoice {
  /** Null: who started sub1m. */
  readonly user: QemuUser | null;
  /** Why QEMU is root's, if it is. */
  readonly obstacle: string | null;
}

/** The ids of users who exist for one service only (systemd, "Users, Groups, UIDs and GIDs": DynamicUser=). */
const DYNAMIC_UIDS = { first: 61_184, count: 65_519 - 61_184 + 1 } as const;

/** What root needs for it, by the numbers of capabilities(7): some containers have taken it away. */
const CAPABILITIES = {
  CAP_CHOWN: 0,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SYS_PTRACE: 19,
} as const;

/**
 * A user for a QEMU that root starts. It stays root's where another user could not do its work, or root could not look
 * into its memory.
 */
export async function chooseQemuUser(
  { accel, binary }: Pick<MachineConfig, 'accel' | 'binary'>,
  device = '/dev/kvm',
): Promise<QemuUserChoice> {
  if (process.geteuid?.() !== 0) return { user: null, obstacle: null };
  const obstacle = (await rightsMissing()) ?? (await unreachable(binary));
  if (obstacle !== null) return { user: null, obstacle };
  const group = accel === 'kvm' ? await groupOf(device) : null;
  if (group === undefined) return { user: null, obstacle: `only root may open ${device}` };
  const uid = DYNAMIC_UIDS.first + Math.floor(Math.random() * DYNAMIC_UIDS.count);
  return { user: { uid, group }, obstacle: null };
}

/** The words that start a command as a user; it dies with us all the same, which a change of users takes back. */
export function asUser({ uid, group }: QemuUser): string[] {
  const groups = group === null ? '--clear-groups' : `--groups=${group}`;
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, groups, '--pdeathsig=KILL', '--'];
}

async function rightsMissing(): Promise<string | null> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  for (const [name, bit] of Object.entries(CAPABILITIES)) {
    if (((effective >> BigInt(bit)) & 1n) === 0n) return `this root has no ${name}`;
  }
  return isMapped(await readFile('/proc/self/uid_map', 'utf8'))
    ? null
    : `this user namespace has no users from ${DYNAMIC_UIDS.first} on`;
}

/** Whether a user namespace has all of `DYNAMIC_UIDS`; `map` is as user_namespaces(7) describes it. */
export function isMapped(map: string): boolean {
  const { first, count } = DYNAMIC_UIDS;
  return map.split('\n').some((line) => {
    const [inside = Number.NaN, , length = 0] = line.trim().split(/\s+/).map(Number);
    return inside <= first && first + count <= inside + length;
  });
}

/** Why another user cannot run a program by its path, or null. */
async function unreachable(binary: string): Promise<string | null> {
  let path = await realpath(binary).catch(() => null);
  // Whoever starts it says that it is not there.
  if (path === null) return null;
  for (; ; path = dirname(path)) {
    if (((await stat(path)).mode & 0o001) === 0) return `only root may use ${path}`;
    if (path === '/') return null;
  }
}

/** The group that a user must be in to open a device, null if all may, undefined if none helps. */
async function groupOf(device: string): Promise<number | null | undefined> {
  const { mode, gid } = await stat(device);
  if ((mode & 0o006) === 0o006) return null;
  return (mode & 0o060) === 0o060 ? gid : undefined;
}
