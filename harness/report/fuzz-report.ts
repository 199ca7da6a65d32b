// SPDX-License-Identifier: MIT
import type { FileCoverage } from '../fuzz/coverage.ts';
import type { FuzzResult } from '../fuzz/fuzz-plan.ts';
import { specOf } from '../fuzz/fuzz-case.ts';
import type { Finding } from '../fuzz/journal.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { printableText } from '../memory/printable-text.ts';
import { reproduceCommand } from './reproduce-command.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { FuzzDocument } from './schema/fuzz-schema.ts';

/** A run of the fuzzer, as it is reported. */
export interface FuzzReport extends FuzzResult {
  readonly kernels: readonly string[];
  readonly seed: number;
  readonly seconds: number;
  /** The folder of findings, and the layout's file of each. */
  readonly folder: string;
  readonly fileOf: (finding: Finding) => string;
  /** Of kernels that count the branches of their low-memory code: what all cases took, by file. */
  readonly code: readonly { readonly kernel: string; readonly files: readonly FileCoverage[] }[];
}

const STATES: Readonly<Record<Finding['state'], string>> = {
  minimal: 'nothing smaller next to it shows it',
  smaller: 'it may become smaller: run the same command again',
  once: 'seen once',
};

/** Cases a minute, to one place; 0 before any. */
function perMinute({ cases, seconds }: FuzzReport): number {
  return seconds > 0 ? Math.round((cases / seconds) * 600) / 10 : 0;
}

/** What was found, for people. */
export function renderFuzzReport(report: FuzzReport): string {
  const { cases, earlier, machines, judged, unjudged, features, findings, gone } = report;
  const { seed, seconds } = report;
  const lines = findings.flatMap((finding) => [...linesOf(finding, report), '']);
  for (const { kernel, class: of } of gone)
    lines.push(printableText(`${kernel} no longer shows: ${of}`));
  const untold = [...unjudged.values()].reduce((sum, count) => sum + count, 0);
  for (const [why, count] of unjudged) lines.push(`unjudged, ${count} times: ${firstLine(why)}`);
  lines.push(...report.code.flatMap(codeLines));
  const before = earlier > 0 ? `, ${earlier} in earlier runs` : '';
  lines.push(
    `the model did ${features} different things in these cases`,
    `${cases} cases of seed ${seed} in ${Math.round(seconds)} s${before}; ${perMinute(report)} a minute, ${machines} machines`,
    `${judged} judged, ${untold} unjudged; findings: ${findings.length}, in ${report.folder}`,
  );
  return `${lines.join('\n')}\n`;
}

/** Functions of a file that are named; `--json` has all. */
const MISSED_SHOWN = 4;

/** What a kernel took of its own code, file by file, and where it did not. */
export function codeLines({ kernel, files }: FuzzReport['code'][number]): string[] {
  const rows = files.map(({ file, branches, taken, missed }) => {
    const named = missed
      .slice(0, MISSED_SHOWN)
      .map(({ name, branches: left }) => `${name}() ${left}`)
      .join(', ');
    const more = missed.length > MISSED_SHOWN ? ', …' : '';
    const never = missed.length > 0 ? `; never: ${named}${more}` : '';
    return `  ${printableText(`${file}: ${taken} of ${branches}${never}`)}`;
  });
  return [printableText(`${kernel}, branches of its own code that were taken:`), ...rows, ''];
}

function linesOf(finding: Finding, report: FuzzReport): string[] {
  const { kernel, class: of, why, predicted, seed, nr, state, boots, others } = finding;
  const elsewhere = others
    .map((other) => `${printableText(other.kernel)}: ${other.outcome}`)
    .join(', ');
  return [
    printableText(`${kernel}: ${of}`),
    `  seen: ${firstLine(why)}`,
    `  the model, before it ran: ${printableText(predicted)}`,
    `  seed ${seed}, case ${nr}; ${STATES[state]}`,
    ...(boots > 1
      ? [
          `  not in every boot: ${boots} more ${state === 'once' ? 'did not show it' : 'until it showed again'}`,
        ]
      : []),
    ...(elsewhere === '' ? [] : [`  the same machine with ${elsewhere}`]),
    `  ${commandOf(finding, report)}`,
  ];
}

function commandOf(finding: Finding, { fileOf }: FuzzReport): string {
  const { kernel, policy } = finding;
  return reproduceCommand(specOf(finding.case, { kernel, policy, layout: fileOf(finding) }));
}

function firstLine(text: string): string {
  return printableText(text.split('\n', 1)[0] ?? '');
}

/** The same as a JSON document. */
export function renderFuzzDocument(report: FuzzReport): string {
  const { kernels, seed, seconds, cases, earlier, machines, judged, findings, gone } = report;
  const told = (finding: Finding): FuzzDocument['findings'][number] => ({
    ...finding,
    layout: report.fileOf(finding),
    command: commandOf(finding, report),
  });
  const document: FuzzDocument = {
    schema: DOCUMENT_VERSIONS.fuzz,
    fuzz: { kernels, seed, seconds, cases, earlier, machines, judged },
    casesPerMinute: perMinute(report),
    features: report.features,
    unjudged: [...report.unjudged].map(([why, count]) => ({ why, count })),
    findings: findings.map(told),
    gone: gone.map(told),
    code: report.code,
  };
  return `${asciiJson(document, 1)}\n`;
}
