// SPDX-License-Identifier: MIT
/** The model against the outcome that public logs show, machine by machine. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { layoutFromMaps } from '../../layout/layout.ts';
import { parseLog } from '../../layout/log/read-log.ts';
import { findRange } from '../../memory/phys-range.ts';
import { type Explanation, explainLog } from './explain-log.ts';
import type { ToldInputs } from './log-machine.ts';
import { NOTHING_TOLD } from './testing/told-inputs.ts';

interface MachineFacts {
  readonly machine: string;
  readonly release: string;
  readonly source: string;
  readonly efi?: true;
  readonly bits?: 32;
  readonly esrt?: true;
  readonly e820: readonly string[];
  readonly efiMap?: readonly string[];
  readonly trampoline?: string;
  readonly size?: string;
  readonly dmaReserved?: number;
  readonly holes?: readonly number[];
  readonly lines?: readonly string[];
  readonly why?: string;
  readonly reserved?: readonly string[];
  readonly toldSize?: string;
}

const { machines } = JSON.parse(
  readFileSync(new URL('testdata/machines.json', import.meta.url), 'utf8'),
) as { readonly machines: readonly MachineFacts[] };

const padded = (address: number): string => `0x${address.toString(16).padStart(16, '0')}`;

/** The lines in which a kernel of that time would have said so. */
function logOf(facts: MachineFacts): string {
  const { trampoline, size, dmaReserved, holes = [], lines = [] } = facts;
  const pointer = facts.bits === 32 ? 'c0099000' : 'ffff880000099000';
  return [
    `Linux version ${facts.release}`,
    ...lines,
    ...facts.e820.map((entry) => {
      const [first, last, type] = entry.split(' ');
      return `BIOS-e820: [mem ${padded(Number(first))}-${padded(Number(last))}] ${type}`;
    }),
    ...(facts.efi ? [`efi: EFI v2.0${facts.esrt ? '\nefi: ESRT=0x1' : ''}`] : []),
    ...(facts.efiMap ?? []).map((entry, index) => {
      const [first, last, type, attributes = '0xf'] = entry.split(' ');
      const range = `${padded(Number(first))}-${padded(Number(last) + 1)}`;
      return `efi: mem${index}: type=${type}, attr=${attributes}, range=[${range}) (0MB)`;
    }),
    ...(trampoline === undefined
      ? []
      : [`Base memory trampoline at [${pointer}] ${trampoline.slice(2)} size ${Number(size)}`]),
    ...(dmaReserved === undefined ? [] : [`  DMA zone: ${dmaReserved} pages reserved`]),
    ...holes.map((pages) => `On node 0, zone DMA: ${pages} pages in unavailable ranges`),
  ].join('\n');
}

function explain(facts: MachineFacts, told: Partial<ToldInputs> = {}): Explanation {
  const log = parseLog(logOf(facts));
  const layout = layoutFromMaps(log.maps, { id: 'a', source: 'a', log });
  return explainLog(layout, { ...NOTHING_TOLD, ...told }, { policy: null, captureLoaded: null });
}

const PLAIN = machines.filter(({ why }) => why === undefined);
const OTHERS = machines.filter(({ why }) => why !== undefined);

describe('the model says what the log shows', () => {
  it.each(PLAIN)('$machine, $release', (facts) => {
    const { verdict, comparisons } = explain(facts);
    expect(comparisons.filter(({ agrees }) => !agrees)).toEqual([]);
    // That count is not compared before 3.8, and not of a 32-bit kernel.
    expect(['agrees', ...(facts.trampoline === undefined ? ['nothing'] : [])]).toContain(verdict);
  });

  it('of many machines, and on many to the page', () => {
    expect(machines.length).toBeGreaterThanOrEqual(80);
    const showing = (fact: 'trampoline' | 'holes'): number =>
      machines.filter((one) => one[fact] !== undefined).length;
    expect(showing('trampoline')).toBeGreaterThan(30);
    expect(showing('holes')).toBeGreaterThanOrEqual(10);
    expect(PLAIN.length).toBeGreaterThan(machines.length * 0.85);
  });
});

describe('the model differs, for a reason that is known', () => {
  it.each(OTHERS)('$machine, $release: $why', (facts) => {
    expect(explain(facts).verdict).toBe('differs');
  });

  it.each(OTHERS.filter(({ reserved, toldSize }) => reserved ?? toldSize))(
    'and agrees if it is told: $machine',
    ({ reserved = [], toldSize, ...facts }) => {
      const ranges = reserved.flatMap((text) => {
        const [first = '', last = ''] = text.replaceAll('0x', '').split('-');
        return findRange(first, last) ?? [];
      });
      const trampolineSize = toldSize === undefined ? null : Number(toldSize);
      expect(explain(facts, { reserved: ranges, trampolineSize }).verdict).toBe('agrees');
    },
  );
});

it('has the source of each machine', () => {
  const known = /^https:\/\/(?:github\.com|lore\.kernel\.org\/r)\//;
  expect(machines.filter(({ source }) => !known.test(source))).toEqual([]);
});
