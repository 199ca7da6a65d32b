// SPDX-License-Identifier: MIT
import { describe } from 'vitest';
import { type BundleSpec, ended } from '../testing/bundle-builder.ts';
import { itFinds } from '../testing/invariant-cases.ts';

const id = 'kdump.capture-log';
const FIRST = '[    0.000000] Linux version 6.12.43\n';
const WARNING = 'WARNING: CPU: 0 PID: 1 at mm/a.c:10 f+0x1/0x2';
const POOL = 'DMA: preallocated 128 KiB GFP_KERNEL|GFP_DMA pool for atomic allocations';

/** A cell whose kernels print this after their first lines. */
function logs(
  system: readonly string[],
  capture: readonly string[],
  spec: BundleSpec['spec'] = {},
): BundleSpec {
  const log = (lines: readonly string[]): string =>
    FIRST + lines.map((line, at) => `[    ${at}.5] ${line}\n`).join('');
  return {
    spec: { crashkernel: '256M', ...spec },
    files: { 'system/dmesg': log(system), 'capture/dmesg': log(capture) },
  };
}

/** A cell of the two-phase policy whose capture kernel has these zones, with pages present and managed. */
function zones(...rows: readonly (readonly [string, number, number])[]): BundleSpec {
  const zoneinfo = rows.map(
    ([name, present, managed]) =>
      `Node 0, zone ${name.padStart(8)}\n  per-node stats\n  pages free     0\n        present  ${present}\n        managed  ${managed}\n`,
  );
  const { spec = {}, files } = logs([POOL], [], { policy: 'two-phase' });
  return { spec, files: { ...files, 'capture/zoneinfo': zoneinfo.join('') } };
}

/** The same, but of the log only the console is left. */
function onConsole(capture: string, dmesg: string | null): BundleSpec {
  const files = { 'capture/dmesg': dmesg, 'console.log': `${FIRST}panic\n${capture}` };
  return { spec: { crashkernel: '256M' }, files };
}

describe('what the capture kernel logs', () => {
  itFinds([
    {
      id,
      when: 'nothing is wrong',
      bundle: logs([POOL], [POOL]),
      outcome: 'kept',
      why: "The capture kernel's log has no complaint",
    },
    {
      id,
      when: 'the system kernel gives the same warning',
      bundle: logs([WARNING], ['fine', WARNING.replace('PID: 1', 'PID: 7')]),
      outcome: 'kept',
      why: "The capture kernel's log has no complaint, but for this: 1 complaint that the system kernel has, too",
    },
    {
      id,
      when: 'it warns, and the system kernel does not',
      bundle: logs([WARNING], [WARNING.replace(':10', ':20')]),
      outcome: 'broken',
      why: 'the log has a warning: WARNING: CPU: 0 PID: 1 at mm/a.c:20 f+0x1/0x2',
      evidence: 'capture/dmesg',
    },
    {
      id,
      when: 'it cannot allocate, many times',
      bundle: logs(
        [],
        ['a.c:1', 'b.c:1', 'c.c:1', 'd.c:1'].map((place) => `WARNING: at ${place}`),
      ),
      outcome: 'broken',
      why: 'the log has a warning: WARNING: at a.c:1; the log has a warning: WARNING: at b.c:1; the log has a warning: WARNING: at c.c:1; and 1 more',
    },
    {
      id,
      when: 'zone DMA is empty in it, as its policy leaves it',
      bundle: logs([POOL], []),
      outcome: 'kept',
      why: "The capture kernel's log has no complaint, but for this: zone DMA is empty, as reserve-1m leaves it",
    },
    {
      id,
      when: 'zone DMA is empty in it although its policy gives it low memory',
      bundle: logs([POOL], [], { policy: 'two-phase' }),
      outcome: 'broken',
      why: 'zone DMA is empty: it has memory, but the page allocator has none of it',
    },
    {
      id,
      when: 'its zones say that one is empty, and the log does not',
      bundle: zones(['DMA', 159, 0], ['DMA32', 1000, 900], ['Normal', 0, 0]),
      outcome: 'broken',
      why: 'zone DMA is empty: it has memory, but the page allocator has none of it',
    },
    {
      id,
      when: 'its zones have pages, although the log does not say so',
      bundle: zones(['DMA', 159, 130], ['DMA32', 1000, 900], ['Normal', 0, 0]),
      outcome: 'kept',
      why: "The capture kernel's log has no complaint",
    },
    {
      id,
      when: 'a zone is empty that no policy leaves so',
      bundle: zones(['DMA', 159, 130], ['DMA32', 1000, 0]),
      outcome: 'broken',
      why: 'zone DMA32 is empty: it has memory, but the page allocator has none of it',
    },
    {
      id,
      when: 'zone DMA is empty, and nothing tells the policy',
      bundle: {
        ...logs([POOL], []),
        files: { ...logs([POOL], []).files, 'system/boot-params': null },
      },
      outcome: 'unseen',
      why: 'The cell left no system/boot-params',
    },
    {
      id,
      when: 'its log has lost its first line, and the console has it',
      bundle: onConsole(`${FIRST}[    1.0] ${WARNING}\n`, '[    9.0] the rest\n'),
      outcome: 'broken',
      why: `the log has a warning: ${WARNING}`,
      evidence: 'console.log',
    },
    {
      id,
      when: 'what it says of its zones is cut',
      bundle: { ...zones(), files: { ...zones().files, 'capture/zoneinfo': 'Node 0, zone DMA' } },
      outcome: 'unseen',
      why: 'capture/zoneinfo: Cannot read /proc/zoneinfo: expected zones, each with "present" and "managed"',
    },
    {
      id,
      when: 'neither is whole',
      bundle: onConsole('', '[    9.0] the rest\n'),
      outcome: 'unseen',
      why: 'capture/dmesg is not whole, nor is the console',
    },
    {
      id,
      when: "the system kernel's log is lost",
      bundle: {
        spec: { crashkernel: '256M' },
        files: { 'system/dmesg': null, 'console.log': null },
      },
      outcome: 'unseen',
      why: "The system kernel's log is not whole",
    },
    {
      id,
      when: 'it complained before it died',
      bundle: { ...onConsole(`${FIRST}[    1.0] ${WARNING}\n`, null), outcome: ended('capture') },
      outcome: 'broken',
      why: `the log has a warning: ${WARNING}`,
      evidence: 'console.log',
    },
    {
      id,
      when: 'there is no capture kernel',
      bundle: { spec: { crashkernel: '256M' }, outcome: ended('capture') },
      outcome: 'unseen',
      why: 'The machine ended in phase capture (guest-reset)',
    },
    {
      id,
      when: 'the bundle keeps no log of it',
      bundle: {
        spec: { crashkernel: '256M' },
        files: { 'capture/dmesg': null, 'console.log': null },
      },
      outcome: 'not-asked',
      why: 'The cell keeps no log of its capture kernel',
    },
  ]);
});
