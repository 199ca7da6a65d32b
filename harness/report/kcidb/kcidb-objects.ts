// SPDX-License-Identifier: MIT
import type { CellRecord } from '../../bundle/cell-record.ts';
import type { InvariantOutcome } from '../../check/judgement.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { counted } from '../../memory/counted.ts';
import { renderPages } from '../../memory/page-map.ts';
import { printableText } from '../../memory/printable-text.ts';
import { sha256 } from '../../process/file-hash.ts';
import { pageLines } from '../text/cell-findings.ts';
import { cellPages } from '../text/cell-pages.ts';
import { verdictLines } from '../text/verdict-text.ts';
import { type KcidbDocument, LOG_LIMIT } from './kcidb-schema.ts';
import { statusOf, statusOfCode } from './kcidb-status.ts';

type Build = KcidbDocument['builds'][number];
type Checkout = KcidbDocument['checkouts'][number];
type Issue = KcidbDocument['issues'][number];
type Test = KcidbDocument['tests'][number];

/** Characters of a comment. */
const COMMENT_LIMIT = 1000;

/** An id that is the same whenever the same is reported again, by whomever. */
export function kcidbId(origin: string, ...parts: readonly string[]): string {
  return `${origin}:${sha256(JSON.stringify(parts))}`;
}

/**
 * The kernel image of a cell as a build, and its source as a checkout, of which nothing is known but what the image is
 * called: no commit is claimed, and none that it was built well. Where no image was made, the source did not become one
 * if that is why; paths of the host are nobody's business.
 */
export function buildOf(
  { record, judgement }: JudgedCell,
  origin: string,
): { readonly checkout: Checkout; readonly build: Build } {
  const { kernel, spec } = record;
  const key = kernel?.imageSha256 || spec.kernel;
  const checkoutId = kcidbId(origin, 'checkout', key);
  const comment = kernelWords(record);
  const { verdict } = judgement;
  const isUnbuilt = kernel === null && verdict.kind === 'unjudged' && verdict.code === 'E_BUILD';
  return {
    checkout: { id: checkoutId, origin, comment: `${comment}; its commit is not known` },
    build: {
      id: kcidbId(origin, 'build', key),
      origin,
      checkout_id: checkoutId,
      architecture: 'x86_64',
      comment,
      ...(isUnbuilt && { status: 'FAIL' as const, log_excerpt: excerpt(verdictLines(verdict)) }),
      ...(kernel && {
        misc: present({
          release: printableText(kernel.release),
          image_sha256: printableText(kernel.imageSha256),
          package: kernel.package === null ? null : printableText(kernel.package),
        }),
      }),
    },
  };
}

function kernelWords({ kernel, spec }: CellRecord): string {
  const ref = /^(?:debian|recipe):/.test(spec.kernel) ? printableText(spec.kernel) : null;
  const names = [kernel?.release, kernel?.package, ref].flatMap((name) => (name ? [name] : []));
  return commentOf(names.length === 0 ? 'A kernel without an image' : `Linux ${names.join(', ')}`);
}

/** An invariant of a cell as a test. */
export function testOf(invariant: InvariantOutcome, cell: JudgedCell, origin: string): Test {
  const { id, outcome, why, pages, evidence, shownBy } = invariant;
  const status = statusOf(invariant, cell);
  const isBad = status === 'FAIL' || status === 'ERROR';
  return {
    ...testBase(cell, { origin, name: id }),
    status,
    comment: commentOf(why),
    ...(isBad && {
      log_excerpt: excerpt([
        why,
        ...pageLines(pages, cellPages(cell.judgement)),
        ...lastLines(cell),
      ]),
    }),
    misc: present({
      outcome,
      evidence,
      shown_by: shownBy === undefined ? null : printableText(shownBy),
      pages: outcome === 'kept' || pages.length === 0 ? null : renderPages(pages),
    }),
  };
}

/** A cell that could not be judged as a test of its own: it may have no other. */
export function unjudgedTest(cell: JudgedCell, origin: string): Test[] {
  const { verdict } = cell.judgement;
  if (verdict.kind !== 'unjudged') return [];
  const lines = verdictLines(verdict);
  return [
    {
      ...testBase(cell, { origin, name: '' }),
      status: statusOfCode(verdict.code),
      comment: commentOf(lines.join(' ')),
      log_excerpt: excerpt([...lines, ...lastLines(cell)]),
    },
  ];
}

function testBase(
  cell: JudgedCell,
  { origin, name }: { readonly origin: string; readonly name: string },
): Pick<Test, 'id' | 'origin' | 'build_id' | 'path' | 'start_time' | 'environment'> {
  const { id, startedAt, seconds, kernel, spec } = cell.record;
  // The cell is told from its next run, and from the same cell of another host, by when it ran and how long.
  const life = [id, startedAt, JSON.stringify(seconds), kernel?.imageSha256 ?? spec.kernel];
  return {
    id: kcidbId(origin, 'test', ...life, name),
    origin,
    build_id: buildOf(cell, origin).build.id,
    path: name === '' ? 'sub1m' : `sub1m.${name}`,
    start_time: startedAt,
    environment: environmentOf(cell),
  };
}

/** The machine, which is made of software alone. */
function environmentOf({ record, judgement }: JudgedCell): Test['environment'] {
  const { spec, machine } = record;
  const layout = printableText(spec.layout.replace(/^.*\//s, ''));
  const crashkernel = printableText(spec.crashkernel ?? 'none');
  const accel = machine?.accel.kind ?? spec.accel;
  const { cpus, memoryMiB } = spec;
  const machineWords = `QEMU (${accel}) with OVMF, ${counted(cpus, 'CPU')}, ${memoryMiB} MiB`;
  return {
    comment: commentOf(`${machineWords}; low memory ${layout}, crashkernel=${crashkernel}`),
    misc: present({
      accel,
      layout,
      crashkernel,
      cpus,
      memory_mib: memoryMiB,
      load: spec.load,
      trigger: spec.trigger,
      policy: judgement.policy?.id ?? null,
      qemu: machine === null ? null : printableText(machine.qemu.version),
      ovmf_sha256: machine === null ? null : printableText(machine.ovmf.sha256),
    }),
  };
}

/** A known defect as an issue. */
export function issueOf(reference: string, origin: string): Issue {
  const words = printableText(reference);
  return {
    id: kcidbId(origin, 'issue', reference),
    origin,
    version: 1,
    comment: commentOf(`Known defect: ${words}`),
    ...(URL.canParse(words) && /^https?:/.test(words) && { report_url: new URL(words).href }),
    culprit: { code: true, tool: false, harness: false },
  };
}

/** The last that the console showed, where the cell did not end as planned. */
function lastLines({ record: { outcome } }: JudgedCell): readonly string[] {
  return 'lastLines' in outcome ? outcome.lastLines : [];
}

/** Lines for people, cut to what the database takes: JSON Schema counts characters, we count no fewer. */
function excerpt(lines: readonly string[]): string {
  const text = lines.map(printableText).join('\n');
  return text.length > LOG_LIMIT ? `${text.slice(0, LOG_LIMIT - 2).replace(HALF, '')}…\n` : text;
}

function commentOf(text: string): string {
  const words = printableText(text);
  return words.length > COMMENT_LIMIT
    ? `${words.slice(0, COMMENT_LIMIT - 1).replace(HALF, '')}…`
    : words;
}

/** The first half of a character that was cut in two. */
const HALF = /[\uD800-\uDBFF]$/;

type Given = Readonly<Record<string, string | number | readonly string[] | null>>;

/** The fields that there are: KCIDB knows no null. */
function present(fields: Given): NonNullable<Test['misc']> {
  const given = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(given) as NonNullable<Test['misc']>;
}
