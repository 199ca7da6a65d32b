// SPDX-License-Identifier: MIT
import { PAGE_SIZE, type PhysAddr, hex } from '../memory/pfn.ts';
import { printableText } from '../memory/printable-text.ts';
import type { Owner } from '../model/owners.ts';
import type { PolicyId } from '../policy-id.ts';
import type { Prediction } from '../model/prediction.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { CorpusDocument } from './schema/model-schema.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { groupBy } from '../group-by.ts';
import { type Style, paint } from './text/style.ts';

/** What becomes of the RAM below 1 MiB of many machines, under one command line. */
export interface CorpusResult {
  readonly cmdline: string;
  readonly crashkernel: boolean;
  readonly machines: readonly {
    readonly id: string;
    readonly synthetic: boolean;
    /** What its EFI map has below 1 MiB, as text; null where only an e820 map is known. */
    readonly efiMap: string | null;
    /** One for each policy. */
    readonly uses: readonly LowMemoryUse[];
  }[];
  /** What nothing tells of these machines, and is assumed: lines. */
  readonly assumed: readonly string[];
}

/** What becomes of the RAM below 1 MiB of a machine, in KiB. */
interface LowMemoryUse {
  readonly policy: PolicyId;
  readonly freed: number;
  /** Kept from the system kernel, for crashkernel. */
  readonly locked: number;
  /** Reserved, and nobody uses it. */
  readonly wasted: number;
  /** Null if it finds no place. */
  readonly trampoline: PhysAddr | null;
  readonly panic: Prediction['panic'];
  /** Why some of it is undecided; null if nothing is. */
  readonly undecided: string | null;
}

/** Who keeps a page without using it. */
const IDLE_OWNERS: ReadonlySet<Owner> = new Set(['lock', 'reserved', 'pool', 'boot-services']);

const PAGE_KIB = PAGE_SIZE / 1024;

/** Sums up a prediction; what is kept and not used is locked if there is a crashkernel, else wasted. */
export function lowMemoryUse(prediction: Prediction, crashkernel: boolean): LowMemoryUse {
  const { policy, pages, trampoline, panic, doubt } = prediction;
  const kib = (owns: (owner: Owner) => boolean): number =>
    pages.filter(({ owner }) => owns(owner)).length * PAGE_KIB;
  const idle = kib((owner) => IDLE_OWNERS.has(owner));
  return {
    policy,
    freed: kib((owner) => owner === 'free'),
    locked: crashkernel ? idle : 0,
    wasted: crashkernel ? 0 : idle,
    trampoline: trampoline?.start ?? null,
    panic,
    undecided: doubt?.why ?? null,
  };
}

const POLICY_WIDTH = 'lock-on-crashkernel'.length;
const FIGURES = ['freed', 'locked', 'wasted'] as const;

/** A line for each layout and policy, then the sums of each policy. */
export function renderCorpusReport(result: CorpusResult, style: Style): string {
  const { cmdline, crashkernel, machines, assumed } = result;
  const width = Math.max(...machines.map(({ id }) => id.length));
  const options = cmdline === '' ? 'nothing' : `"${printableText(cmdline)}"`;
  const head = ['layout'.padEnd(width), 'policy'.padEnd(POLICY_WIDTH), ...FIGURES, 'trampoline'];
  const text = [
    `KiB below 1 MiB, with ${options} on the command line`,
    ...(crashkernel ? [] : ['(give --crashkernel 192M to see what is locked for it)']),
    '',
    paint(head.join('  '), 'bold', style),
    ...machines.flatMap(({ id, uses }) => uses.map((use) => `${id.padEnd(width)}  ${row(use)}`)),
    '',
    ...sums(machines.flatMap(({ uses }) => uses)),
    ...shareOfEfiMaps(machines),
    '',
    ...assumed,
    'Assumed: where only an e820 map is known, boot services are RAM like any other',
  ];
  return `${text.join('\n')}\n`;
}

function row(use: LowMemoryUse): string {
  const figures = FIGURES.map((key) => String(use[key]).padStart(key.length));
  const none = use.undecided === null ? 'NONE' : 'undecided';
  const place = use.trampoline === null ? none : hex(use.trampoline);
  return [use.policy.padEnd(POLICY_WIDTH), ...figures, place].join('  ');
}

function sums(uses: readonly LowMemoryUse[]): string[] {
  return Array.from(
    groupBy(uses, ({ policy }) => policy),
    ([policy, group]) => {
      const figures = FIGURES.map((key) => {
        const kib = group.reduce((sum, use) => sum + use[key], 0);
        return `${kib} ${key}`;
      });
      const none = group.filter(
        ({ trampoline, undecided }) => trampoline === null && undecided === null,
      ).length;
      return `${policy.padEnd(POLICY_WIDTH)}  of ${group.length} layouts: ${figures.join(', ')}; no trampoline in ${none}`;
    },
  );
}

/** Where boot services are known: on how many maps that differ a policy frees memory. */
function shareOfEfiMaps(machines: CorpusResult['machines']): string[] {
  const maps = groupBy(
    machines.filter(({ synthetic, efiMap }) => !synthetic && efiMap !== null),
    ({ efiMap }) => efiMap,
  );
  const [first] = machines;
  return (first?.uses ?? []).map(({ policy }) => {
    const frees = [...maps.values()].filter(([one]) =>
      one?.uses.some((use) => use.policy === policy && use.freed > 0),
    );
    return `${policy.padEnd(POLICY_WIDTH)}  frees some on ${frees.length} of the ${maps.size} EFI maps of real machines that differ`;
  });
}

/** The same as a JSON document. */
export function renderCorpusDocument({ cmdline, machines }: CorpusResult): string {
  const layouts = machines.map(({ id, synthetic, uses }) => ({
    id,
    synthetic,
    policies: Object.fromEntries(uses.map((use) => [use.policy, useDocument(use)])),
  }));
  const document: CorpusDocument = { schema: DOCUMENT_VERSIONS.corpus, cmdline, layouts };
  return `${asciiJson(document, 2)}\n`;
}

function useDocument({
  freed,
  locked,
  wasted,
  trampoline,
  panic,
  undecided,
}: LowMemoryUse): CorpusDocument['layouts'][number]['policies'][string] {
  return {
    freedKiB: freed,
    lockedKiB: locked,
    wastedKiB: wasted,
    trampoline: trampoline === null ? null : hex(trampoline),
    panic,
    ...(undecided !== null && { undecided }),
  };
}
