// SPDX-License-Identifier: MIT
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import type { Layout } from '../layout/layout.ts';
import { pfn } from '../memory/pfn.ts';
import type { PolicyId } from '../policy-id.ts';
import { renderModelDocument } from './model-document.ts';
import { type ModelResult, renderModelReport } from './model-report.ts';
import { renderModelSvg } from './model-svg.ts';
import { parseDocument } from './testing/documents.ts';
import { FULL_LAYOUT, THREAD_LAYOUT, predictions } from './testing/model-result-builder.ts';
import { textsOf } from './testing/xml.ts';

const PLAIN = { colour: false, width: 100 };

function result(
  layout: Layout,
  cmdline: string,
  policies: readonly PolicyId[],
): ModelResult & { history: null } {
  const crashkernel = cmdline.includes('crashkernel=');
  const found = predictions(layout, cmdline, policies);
  const machine = { policy: null, told: [], assumed: [] };
  return { layout, machine, cmdline, crashkernel, predictions: found, history: null };
}

const THREAD = result(THREAD_LAYOUT, 'crashkernel=128M', ['lock-on-crashkernel', 'two-phase']);

it('shows a map for each policy, and in words what differs', () => {
  expect(renderModelReport(THREAD, PLAIN)).toMatchInlineSnapshot(`
    "Layout thread; on the command line: "crashkernel=128M"

    lock-on-crashkernel
               +0x0             +0x10000         +0x20000         +0x30000
      0x00000  0LLLLLLLLLLLLLLL ....LLLLLLLLLLLL LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL
      0x40000  LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL LLL............. ................
      0x80000  ...............L LLLLLLLLTTTTTTTb ffffffffffffffff ffffffffffffffff
      0xc0000  ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff

    two-phase
               +0x0             +0x10000         +0x20000         +0x30000
      0x00000  0bbbbbbbbbbbbbbb LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL
      0x40000  LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL LLLLLLLLLLLLLLLL
      0x80000  LLLLLLLLLLLLLLLL LLLLLLLLTTTTTTTb ffffffffffffffff ffffffffffffffff
      0xc0000  ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff

      0  page 0: taken off the map, it belongs to the BIOS
      L  the lock: kept from the system kernel because of crashkernel=
      .  nobody: free for the page allocator
      T  the real-mode trampoline, for starting CPUs
      b  the BIOS's old habits: the first 64 KiB, its data area up to 640 KiB
      f  firmware: no RAM in the map that the kernel works from

      lock-on-crashkernel, two-phase: the trampoline is at 0x98000-0x9efff

      lock-on-crashkernel frees 0x10-0x13, 0x63-0x8e although crashkernel= is on the command line:
        efi_free_boot_services

      0x1-0xf: lock under lock-on-crashkernel; bios under two-phase
      0x10-0x13, 0x63-0x8e: free under lock-on-crashkernel; lock under two-phase
    "
  `);
});

it('shows one map for policies that come to the same, and says that nothing differs', () => {
  const same = result(THREAD_LAYOUT, '', ['reserve-1m', 'reserve-1m-deferred']);
  const report = renderModelReport(same, PLAIN);
  expect(report).toContain('\n\nreserve-1m, reserve-1m-deferred\n');
  expect(report).toContain('\n  No page differs: reserve-1m, reserve-1m-deferred\n');
  expect(report.match(/0x00000/g)).toHaveLength(1);
});

it('says in which step the kernel panics for want of a trampoline', () => {
  const full = result(FULL_LAYOUT, 'efi=debug', ['reserve-1m-deferred']);
  expect(renderModelReport(full, PLAIN)).toContain(
    'reserve-1m-deferred: the kernel ends in init_real_mode: "Kernel panic - not syncing: Real mode\n' +
      '    trampoline was not allocated"\n',
  );
});

it('names a policy that never reserves low memory, and so frees none of it', () => {
  const backup = result(THREAD_LAYOUT, 'crashkernel=128M', ['backup-region']);
  expect(renderModelReport(backup, PLAIN)).toContain(
    'backup-region never reserves 0x14-0x62, 0x8f-0x97 although crashkernel= is',
  );
});

it('says nothing of what is freed where nobody wants it', () => {
  const off = result(THREAD_LAYOUT, '', ['lock-on-crashkernel', 'two-phase']);
  expect(renderModelReport(off, PLAIN)).not.toContain('although');
});

it("tells a page's history under each policy", () => {
  const report = renderModelReport({ ...THREAD, history: pfn(0x10) }, PLAIN);
  expect(report.slice(report.indexOf('Page 0x10'))).toMatchInlineSnapshot(`
    "Page 0x10 under lock-on-crashkernel
      e820__memory_setup: free: RAM in the e820 map
      efi_reserve_boot_services: boot-services: the firmware may still use its boot services
      efi_free_boot_services: free: boot services are over

    Page 0x10 under two-phase
      e820__memory_setup: free: RAM in the e820 map
      efi_reserve_boot_services: boot-services: the firmware may still use its boot services
      efi_unmap_boot_services: pool: boot services are over
      claim_crashkernel: lock: a crashkernel is reserved: it claims all the rest
    "
  `);
});

it('says that boot services are unknown where only an e820 map is known', () => {
  const maps = { ...THREAD_LAYOUT.maps, efiMap: null };
  const report = renderModelReport({ ...THREAD, layout: { ...THREAD_LAYOUT, maps } }, PLAIN);
  expect(report).toContain('Only its e820 map is known');
});

it.each([80, 100, 200])('keeps to %i columns, in colour or not', (width) => {
  const all = result(THREAD_LAYOUT, 'crashkernel=128M', [
    'backup-region',
    'lock-on-crashkernel',
    'keep-on-crashkernel',
    'reserve-1m',
    'reserve-1m-deferred',
    'two-phase',
  ]);
  const plain = renderModelReport(all, { colour: false, width });
  const coloured = renderModelReport(all, { colour: true, width });
  expect(Math.max(...plain.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(width);
  expect(coloured).not.toBe(plain);
  expect(stripVTControlCharacters(coloured)).toBe(plain);
});

it('lets no terminal escape of a file through', () => {
  const layout = { ...THREAD_LAYOUT, id: '\u001b[31mx', machine: 'a\u001b]0;b\u0007c' };
  const hostile = { ...THREAD, layout, cmdline: 'quiet\u001b[2J' };
  expect(renderModelReport(hostile, PLAIN)).not.toMatch(/[\u001b\u0007]/);
  expect(renderModelDocument(hostile)).not.toMatch(/[\u001b\u0007]/);
  expect(renderModelSvg(hostile)).not.toMatch(/[\u001b\u0007]/);
});

it('gives all that is predicted as JSON', () => {
  const document = parseDocument('model', renderModelDocument({ ...THREAD, history: pfn(0x10) }));
  expect(document).toMatchObject({
    schema: 1,
    layout: { id: 'thread', machine: null, source: 'a test', synthetic: false, efiMap: true },
    cmdline: 'crashkernel=128M',
    predictions: [
      {
        policy: 'lock-on-crashkernel',
        panic: null,
        trampoline: '0x98000',
        pages: THREAD.predictions[0]?.pages.map(({ owner }) => owner),
        moments: { 'kexec-jump': { free: ['0x10-0x13', '0x63-0x8e'] } },
        page: 0x10,
        history: [{ owner: 'free' }, { owner: 'boot-services' }, { owner: 'free' }],
      },
      { policy: 'two-phase', trampoline: '0x98000' },
    ],
  });
});

it('draws the same maps as an image', () => {
  const texts = textsOf(renderModelSvg(THREAD));
  expect(texts).toEqual(
    expect.arrayContaining([
      'Layout thread; on the command line: "crashkernel=128M"',
      'lock-on-crashkernel',
      'two-phase',
      'lock-on-crashkernel frees 0x10-0x13, 0x63-0x8e although crashkernel= is on the command line: efi_free_boot_services',
    ]),
  );
  expect(texts.filter((text) => text === '0x00000')).toHaveLength(2);
});
