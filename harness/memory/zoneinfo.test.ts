// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { emptyZones } from './zoneinfo.ts';

/** What `/proc/zoneinfo` of 6.12 says of a zone, shortened. */
function zone(name: string, present: number, managed: number): string {
  return `Node 0, zone ${name.padStart(8)}
  per-node stats
      nr_inactive_anon 0
  pages free     0
        boost    0
        min      0
        spanned  4095
        present  ${present}
        managed  ${managed}
        cma      0
        protection: (0, 171, 171, 171, 171)
      nr_free_pages 0
  pagesets
    cpu: 0
  start_pfn:           1
`;
}

it.each([
  ['none', [zone('DMA', 159, 130), zone('DMA32', 50_000, 40_000)], []],
  ['one with memory that is all reserved', [zone('DMA', 159, 0), zone('DMA32', 9, 8)], ['DMA']],
  ['none without memory', [zone('DMA', 159, 1), zone('Normal', 0, 0)], []],
])('finds of empty zones %s', (_which, zones, empty) => {
  expect(emptyZones(zones.join(''))).toEqual(empty);
});

it.each([
  '',
  'Node 0, zone DMA\n',
  zone('DMA', 1, 1).replace('managed', 'mangled'),
  `${zone('DMA', 1, 1)}Node 0, zone DMA32\n`,
  `x\n${zone('DMA', 1, 1)}`,
])('does not take %j', (text) => {
  expect(() => emptyZones(text)).toThrow(
    new FormatError(
      'Cannot read /proc/zoneinfo: expected zones, each with "present" and "managed"',
    ),
  );
});

it('reads a first zone with as many lines as 7.3 has, and more', () => {
  const stats = Array.from({ length: 200 }, (_, at) => `      nr_${at} 0\n`).join('');
  const first = zone('DMA', 159, 0).replace('      nr_inactive_anon 0\n', stats);
  expect(emptyZones(first + zone('DMA32', 9, 8))).toEqual(['DMA']);
});

it('is bounded, whatever a guest prints', () => {
  const started = performance.now();
  expect(() => emptyZones('Node 0, zone DMA\n'.repeat(200_000))).toThrow(FormatError);
  expect(() => emptyZones(`Node 0, zone DMA\n${' x\n'.repeat(300_000)}`)).toThrow(FormatError);
  expect(performance.now() - started).toBeLessThan(5000);
});
