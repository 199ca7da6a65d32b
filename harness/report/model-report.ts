// SPDX-License-Identifier: MIT
import { type LogMachine, knowsHighRam } from '../check/log/log-machine.ts';
import type { Layout } from '../layout/layout.ts';
import { isDistributionsOwn } from '../memory/crashkernel.ts';
import { findParameter } from '../memory/kernel-cmdline.ts';
import { renderPages } from '../memory/page-map.ts';
import { type Pfn, hex, pfn } from '../memory/pfn.ts';
import { renderRange } from '../memory/phys-range.ts';
import { printableText } from '../memory/printable-text.ts';
import type { PageFate } from '../model/low-memory.ts';
import type { Owner } from '../model/owners.ts';
import type { PolicyId } from '../policy-id.ts';
import type { Prediction } from '../model/prediction.ts';
import type { CellPage } from './text/cell-pages.ts';
import { groupBy } from '../group-by.ts';
import { renderLegend, renderPageMap } from './text/page-map-text.ts';
import { type Style, paint, wrap } from './text/style.ts';

/** What an answer rests on. */
export type Basis = Omit<LogMachine, 'inputs'>;

/** What the model makes of one machine, by each policy asked for. */
export interface ModelResult {
  readonly layout: Layout;
  /** What the model is given of it, and what is assumed. */
  readonly machine: Basis;
  readonly cmdline: string;
  readonly crashkernel: boolean;
  /** One for each policy. */
  readonly predictions: readonly Prediction[];
  /** The page whose history is asked for. */
  readonly history: Pfn | null;
}

/** A line of a page map is as long as this. */
const LEAST_WIDTH = 78;

/** For people: maps of low memory under each policy, in words what differs, a page's history. */
export function renderModelReport(result: ModelResult, wanted: Style): string {
  const style = { ...wanted, width: Math.max(wanted.width, LEAST_WIDTH) };
  const { predictions, history } = result;
  const sections = [
    heading(result).flatMap((text) => wrap(text, style.width)),
    basis(result.machine).flatMap((text) => item(text, style)),
    ...pageMaps(result, style),
    renderLegend(predictions.flatMap(cellPages), style),
    outcomes(predictions).flatMap((text) => item(text, style)),
    crashkernelNotes(result).flatMap((text) => item(text, style)),
    freedAlthoughWanted(result).flatMap((text) => item(text, style)),
    differences(predictions).flatMap((text) => item(text, style)),
    ...(history === null ? [] : predictions.map((found) => pageHistory(found, history, style))),
  ];
  const shown = sections.filter((lines) => lines.length > 0);
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Which machine that is: a line, and another where little of it is known. */
export function heading({ layout, cmdline }: ModelResult): string[] {
  const machine = layout.machine === null ? '' : `: ${printableText(layout.machine)}`;
  const options = cmdline === '' ? 'nothing' : `"${printableText(cmdline)}"`;
  const lines = [`Layout ${printableText(layout.id)}${machine}; on the command line: ${options}`];
  if (layout.maps.efiMap) return lines;
  return [
    ...lines,
    'Only its e820 map is known: boot services in it are taken for RAM like any other.',
  ];
}

/** What was taken from the log, and what the answer rests on that it does not tell. */
export function basis({ told, assumed }: Basis): string[] {
  return [
    ...told,
    ...assumed.map(
      ({ says, option }) => `Assumed: ${says}${option === null ? '' : ` (${option})`}`,
    ),
  ];
}

/** What is wrong with a crashkernel= that no capture kernel gets: garbage, or more than there is. */
export function crashkernelNotes({ layout, cmdline, predictions }: ModelResult): string[] {
  const value = findParameter(cmdline, 'crashkernel')?.value ?? null;
  const [first] = predictions;
  // A layout knows nothing above 1 MiB, and ranges depend on how much RAM there is.
  const isKnown = knowsHighRam(layout.maps);
  if (value === null || !first || (!isKnown && (first.crashkernel || value.includes(':')))) {
    return [];
  }
  const asked = `crashkernel=${printableText(value)}`;
  if (isDistributionsOwn(value)) {
    return [
      `${asked} is known to kernels of distributions alone: how much they reserve is not known`,
    ];
  }
  const lost = 'nothing is reserved, and there is no crash dump';
  if (!first.crashkernel) return [`The kernel reads no size for this machine in ${asked}: ${lost}`];
  return first.crashkernel.fits ? [] : [`${asked} does not fit into any piece of RAM: ${lost}`];
}

/** A map for each set of policies with the same result. */
function pageMaps({ predictions, machine }: ModelResult, style: Style): string[][] {
  const own = machine.policy?.id;
  return alikePolicies(predictions).map(({ policies, pages }) => [
    ...wrap(
      names(policies.map((id) => (id === own ? `${id} (the log's kernel)` : id))),
      style.width,
    ).map((text) => paint(text, 'bold', style)),
    ...renderPageMap(pages, style),
  ]);
}

/** The sets of policies with the same map, and what they are called together. */
export function alikePolicies(predictions: readonly Prediction[]): {
  readonly name: string;
  readonly policies: readonly PolicyId[];
  readonly pages: readonly CellPage[];
}[] {
  const alike = groupBy(predictions, ({ pages }) => pages.map(({ owner }) => owner).join());
  return [...alike.values()].map((group) => ({
    name: names(group.map(policyOf)),
    policies: group.map(policyOf),
    pages: group[0] ? cellPages(group[0]) : [],
  }));
}

function cellPages({ pages }: Prediction): CellPage[] {
  return pages.map(({ owner }) => ({ predicted: owner, observed: null }));
}

/** Where the trampoline is, or how the kernel ends; policies that agree share a line. */
function outcomes(predictions: readonly Prediction[]): string[] {
  return Array.from(
    groupBy(predictions, outcome),
    ([text, group]) => `${names(group.map(policyOf))}: ${text}`,
  );
}

function outcome({ trampoline, panic, doubt }: Prediction): string {
  if (doubt?.panic) return `whether the kernel boots is undecided: ${doubt.why}`;
  if (panic) return `the kernel ends in ${panic.step}: "${panic.line}"`;
  if (doubt?.trampoline) return `the place of the trampoline is undecided: ${doubt.why}`;
  return `the trampoline is ${trampoline ? `at ${renderRange(trampoline)}` : 'nowhere'}`;
}

/** The pages that a policy frees although somebody wants them, by the step that freed them. */
export function freedAlthoughWanted({ crashkernel, predictions }: ModelResult): string[] {
  if (!crashkernel) return [];
  const why = 'although crashkernel= is on the command line';
  return predictions.flatMap(({ policy, pages }) => {
    const free = pages
      .map((_, page) => pfn(page))
      .filter((page) => ownerOf(pages, page) === 'free');
    return Array.from(
      groupBy(free, (page) => freedBy(pages[page])),
      ([step, freed]) => {
        const runs = renderPages(freed).join(', ');
        if (step === null) return `${policy} never reserves ${runs} ${why}`;
        return `${policy} frees ${runs} ${why}: ${step}`;
      },
    );
  });
}

/** The step that freed a page; null if it was RAM from the beginning and nothing else since. */
function freedBy(fate: PageFate | undefined): string | null {
  const [, ...later] = fate?.history ?? [];
  return later.at(-1)?.step ?? null;
}

/** Who owns the pages on which the policies differ; pages with the same owners share a line. */
function differences(predictions: readonly Prediction[]): string[] {
  const [first, ...others] = predictions;
  if (!first || others.length === 0) return [];
  const contested = first.pages
    .map((_, page) => pfn(page))
    .filter((page) =>
      others.some(({ pages }) => ownerOf(pages, page) !== ownerOf(first.pages, page)),
    );
  if (contested.length === 0) return [`No page differs: ${names(predictions.map(policyOf))}`];
  const alike = groupBy(contested, (page) =>
    Array.from(
      groupBy(predictions, ({ pages }) => ownerOf(pages, page)),
      ([owner, group]) => `${owner} under ${names(group.map(policyOf))}`,
    ).join('; '),
  );
  return Array.from(alike, ([owners, pages]) => `${renderPages(pages).join(', ')}: ${owners}`);
}

function ownerOf(pages: Prediction['pages'], page: Pfn): Owner {
  return pages[page]?.owner ?? 'firmware';
}

function policyOf({ policy }: Prediction): PolicyId {
  return policy;
}

function pageHistory({ policy, pages }: Prediction, page: Pfn, style: Style): string[] {
  const events = pages[page]?.history ?? [];
  const lines = events.map(({ step, owner, why }) => `${step}: ${owner}: ${why}`);
  return [`Page ${hex(page)} under ${policy}`, ...lines.flatMap((text) => item(text, style))];
}

function names(policies: readonly string[]): string {
  return policies.join(', ');
}

/** A line of a list, those that continue it indented. */
function item(text: string, { width }: Style): string[] {
  return wrap(text, width - 4).map((line, index) => `${index === 0 ? '  ' : '    '}${line}`);
}
