// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { type CellRecord, type PhasePressure, PHASES } from '../../bundle/cell-record.ts';
import { INVARIANTS } from '../../check/invariants/invariants.ts';
import { type InvariantOutcome, whyUnseen } from '../../check/judgement.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { counted } from '../../memory/counted.ts';
import { renderPages } from '../../memory/page-map.ts';
import { crashkernelName, layoutName } from '../text/cell-names.ts';
import { markInvariant } from '../text/invariant-mark.ts';
import { unseenName } from '../text/unseen.ts';
import { verdictLines } from '../text/verdict-text.ts';
import { type CellLogs, LOGS, type LogEnd, type LogFile } from './cell-files.ts';
import { type Markup, type Part, html, htmlLines, reference } from './markup.ts';
import { OUTCOME_MARKS, verdictMark } from './outcome-marks.ts';
import { reproduceCommand } from './reproduce.ts';

/** What a reader looks for first. */
const ORDER = ['broken', 'known', 'unseen', 'kept', 'not-asked'] as const;

/** What the page of a cell is made of. */
export interface CellPageParts {
  readonly cell: JudgedCell;
  readonly logs: CellLogs;
  /** The `MapItem` that shows its pages; null if it shows none. */
  readonly map: string | null;
  /** What is said of it beside itself: its base, its history. */
  readonly context: readonly Markup[];
}

/** All that is known of a cell. The page's script puts the map where `data-map` is, and the logs into lines. */
export function renderCellPage({ cell, logs, map, context }: CellPageParts): Markup {
  const { record, judgement } = cell;
  const mark = verdictMark(cell);
  const words = [mark.is, unseenName(cell)].filter((word) => word !== '');
  const { deadStack } = judgement.observation;
  return html`<h2 tabindex="-1">${record.id}</h2>
    <p class="verdict">
      <span class="square ${mark.style}">${mark.letter}</span> <strong>${words.join(', ')}</strong>
    </p>
    ${verdictLines(judgement.verdict).map((line) => html`<p>${line}</p>`)}
    ${deadStack.length > 0 ? html`<p>Its stack: <code>${deadStack.join(' < ')}</code></p>` : null}
    <h3>Run it again</h3>
    <pre class="command">${reproduceCommand(record.spec)}</pre>
    ${context}
    <h3>Who owns each page below 1 MiB</h3>
    ${map === null ? html`<p>The cell does not show its pages.</p>` : html`<div data-map="${map}"></div>`}
    <h3>Promises</h3>
    ${promises(cell)}
    <h3>Phases</h3>
    ${phases(record)}
    <h3>The cell</h3>
    ${facts(cell)} ${(Object.keys(LOGS) as LogFile[]).map((file) => log(file, logs[file]))}`;
}

function promises({ record, judgement }: JudgedCell): Markup {
  const sorted = ORDER.flatMap((wanted) =>
    judgement.invariants.filter(({ outcome }) => outcome === wanted),
  );
  const rows = sorted.map((invariant) => {
    const { id, outcome, pages, evidence } = invariant;
    const { letter, style, is } = OUTCOME_MARKS[outcome];
    const isGone = markInvariant(invariant, judgement.verdict) === 'gone';
    return html`<tr>
      <td><span class="square ${style}">${letter}</span> ${is}</td>
      <th scope="row"><code>${id}</code><br /><small>${INVARIANTS[id].promise}</small></th>
      <td>
        ${whyUnseen(invariant)}${isGone ? ' (a known defect that no longer shows)' : null}${defect(invariant)}${
          outcome !== 'kept' && pages.length > 0
            ? html`<br />pages <code>${renderPages(pages).join(', ')}</code>`
            : null
        }${evidence === null ? null : html`<br /><small>evidence: <code>${join(record.id, evidence)}</code></small>`}
      </td>
    </tr> `;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Promises">
    <table class="promises">
      <thead>
        <tr>
          <th scope="col">outcome</th>
          <th scope="col">promise</th>
          <th scope="col">what was seen</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function defect({ known }: InvariantOutcome): Part {
  return known === null ? null : html`<br />known defect: ${reference(known.reference)}`;
}

/** What a machine may wait for, in words; shares of less than one in a hundred are none. */
const WAITS = {
  waited: 'a processor',
  steal: 'a hypervisor',
  memory: 'memory',
  io: 'a disk',
} as const;

/** What the host kept from the machine in a phase: `a processor 31 %`. */
function waitsOf(pressure: PhasePressure | undefined): string {
  if (!pressure) return '';
  const shares = Object.entries(WAITS).map(([need, what]) => {
    const percent = Math.round((pressure[need as keyof typeof WAITS] ?? 0) * 100);
    return percent === 0 ? '' : `${what} ${percent} %`;
  });
  return shares.filter((share) => share !== '').join(', ') || 'nothing';
}

/** A bar for each phase, where it lies in the cell's time. */
function phases({ seconds, outcome, pressure, attempts }: CellRecord): Markup {
  const entered = PHASES.filter((phase) => seconds[phase] !== undefined);
  const total = Math.max(
    entered.reduce((sum, phase) => sum + (seconds[phase] ?? 0), 0),
    0.001,
  );
  let before = 0;
  const rows = entered.map((phase) => {
    const time = seconds[phase] ?? 0;
    const [x, width] = [before, time].map((part) => ((part / total) * 100).toFixed(2));
    before += time;
    return html`<tr>
      <th scope="row">${phase}</th>
      <td class="number">${time.toFixed(1)} s</td>
      <td class="bar">
        <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
          <rect x="${x ?? ''}" width="${width ?? ''}" height="1"></rect>
        </svg>
      </td>
      <td>${waitsOf(pressure[phase])}</td>
    </tr> `;
  });
  const end =
    outcome.kind === 'completed' ? '' : `It ended otherwise than planned: ${outcome.kind}. `;
  return html`<p>${end}Total: ${(seconds['total'] ?? total).toFixed(1)} s</p>
    ${attempts.map(({ code, why }) => html`<p>Run again, since one attempt proved nothing (${code}): ${why}</p>`)}
    <table class="phases">
      <thead>
        <tr>
          <th scope="col">phase</th>
          <th scope="col">time</th>
          <th scope="col">when</th>
          <th scope="col">the machine waited for</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`;
}

function firmwareWords(firmware: NonNullable<CellRecord['machine']>['firmware']): string {
  return firmware.kind === 'saved' ? `saved, ${firmware.key}` : `its own: ${firmware.why}`;
}

function facts({ record, judgement, folder }: JudgedCell): Markup {
  const { spec, kernel, machine, cmdline } = record;
  const rows: readonly (readonly [string, string | null])[] = [
    ['kernel', spec.kernel],
    ['release', kernel?.release ?? null],
    ['package', kernel?.package ?? null],
    ['image, SHA-256', kernel?.imageSha256 ?? null],
    ['layout', layoutName(record)],
    ['crashkernel', crashkernelName(record)],
    ['machine', `${counted(spec.cpus, 'CPU')}, ${spec.memoryMiB} MiB`],
    ['load, trigger', `${spec.load}, ${spec.trigger}`],
    ['accelerator', machine && `${machine.accel.kind}: ${machine.accel.why}`],
    ['firmware boot', machine && firmwareWords(machine.firmware)],
    ['QEMU', machine && machine.qemu.version],
    ['policy', judgement.policy && `${judgement.policy.id}: ${judgement.policy.how}`],
    ['command line', cmdline.system],
    ["capture kernel's", cmdline.capture],
    ['started', record.startedAt],
    ['bundle', folder],
  ];
  return html`<dl class="facts">
    ${rows.flatMap(([name, value]) =>
      value === null || value === ''
        ? []
        : [
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
          ],
    )}
  </dl>`;
}

function log(file: LogFile, seen: CellLogs[LogFile]): Markup | null {
  if (seen === undefined) return null;
  return html`<h3>${LOGS[file]}</h3>
    ${'why' in seen ? html`<p>${seen.why}</p>` : logText(file, seen.value)} `;
}

/** The script makes lines of it that can be searched and linked to. */
function logText(file: LogFile, { lines, first, cut }: LogEnd): Markup {
  const note =
    cut === 0
      ? null
      : html`<p class="cut">
          The first ${cut} bytes are left out; <code>${file}</code> in the bundle has them.
        </p>`;
  return html`${note}
    <pre
      class="log"
      data-log="${file}"
      data-first="${first}"
      tabindex="0"
      role="region"
      aria-label="${LOGS[file]}"
    >
${htmlLines(lines)}</pre>`;
}
