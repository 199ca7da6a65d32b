// SPDX-License-Identifier: MIT
import { whyUnseen } from '../../check/judgement.ts';
import { type JudgedCell, countedAs, summary } from '../../matrix/judged-cell.ts';
import { renderPages } from '../../memory/page-map.ts';
import { type DetectionWords, type ReportedRun, detectionOfRun } from '../text/detection.ts';
import { missedWords } from '../text/fault-table.ts';
import { type Finding, type FindingKind, findingsOf } from '../text/finding-groups.ts';
import { groupBy } from '../../group-by.ts';
import { renderSeconds } from '../text/style.ts';
import { unseenOf } from '../text/unseen.ts';
import { verdictName } from '../text/verdict-text.ts';
import { DETECTION_STYLES, renderDetection } from './detection.ts';
import { cellLink } from './heat-map.ts';
import { type Markup, type Part, html, reference } from './markup.ts';

/** Something that is said of several cells. */
interface Said {
  readonly cell: JudgedCell;
  /** What has the same text is said once. */
  readonly text: string;
  readonly says: Part;
}

/** What a reader must know of a run, the worst first. */
const LISTS: readonly {
  readonly title: string;
  readonly style: string;
  readonly kinds: readonly FindingKind[];
}[] = [
  { title: 'Seeded faults that were missed', style: 'bad', kinds: ['missed'] },
  { title: 'Broken', style: 'bad', kinds: ['broken', 'failed'] },
  { title: 'Could not be judged', style: 'unsure', kinds: ['unjudged'] },
  { title: 'Known defects', style: 'known', kinds: ['known'] },
  { title: 'Known defects that no longer show', style: 'good', kinds: ['gone'] },
];

/** Findings of a list, and cells of a finding, that are named. */
const SHOWN_FINDINGS = 40;
const SHOWN_CELLS = 8;

/** The counts of a run, and what is wrong in it: each finding once, with the cells that show it. */
export function renderSummary(run: ReportedRun): Markup {
  const { cells, seconds } = run;
  const { match, mismatch, unjudged, known } = summary(cells);
  const detection = detectionOfRun(run);
  const isBlind = detection?.state === 'blind';
  const findings = cells.flatMap(findingsOf);
  const unseen = cells.reduce((sum, cell) => sum + unseenOf(cell).length, 0);
  const tiles: readonly Tile[] = [
    ['match', 'good', match],
    ['mismatch', mismatch > 0 ? 'bad' : 'none', mismatch],
    ['unjudged', unjudged > 0 ? 'unsure' : 'none', unjudged],
    ['with a known defect', known > 0 ? 'known' : 'none', known],
    ['promises unseen', unseen > 0 ? 'unsure' : 'none', unseen],
    faultTile(detection),
    ['duration', 'none', renderSeconds(seconds)],
  ];
  return html`<section id="summary" aria-labelledby="summary-title">
    <h2 id="summary-title">Summary</h2>
    <ul class="tiles">
      ${tiles.map(
        ([name, style, count]) => html`<li class="${style}"><b>${count}</b> ${name}</li>`,
      )}
    </ul>
    ${isBlind ? renderDetection(detection) : null}${LISTS.map(({ title, style, kinds }) => {
      const found = findings.filter(({ kind }) => kinds.includes(kind));
      return list(title, style, found.map(said));
    })}
    ${list('Promises that could not be seen', 'unsure', cells.flatMap(hiddenOf))}
    <h3>Seeded faults</h3>
    ${isBlind ? null : renderDetection(detection)}${faultTable(cells)}
  </section> `;
}

type Tile = readonly [name: string, style: string, count: string | number];

function faultTile(words: DetectionWords | null): Tile {
  if (words === null) return ['seeded faults', 'none', 'none tried'];
  const { state, caught, total } = words;
  return ['seeded faults would be caught', DETECTION_STYLES[state], `${caught} of ${total}`];
}

function list(title: string, style: string, findings: readonly Said[]): Markup | null {
  if (findings.length === 0) return null;
  const alike = [...groupBy(findings, ({ text }) => text).values()];
  const rest = alike.length - SHOWN_FINDINGS;
  return html`<h3>${title}</h3>
    <ul class="findings">
      ${alike
        .slice(0, SHOWN_FINDINGS)
        .map(
          (group) =>
            html`<li class="${style}">
              ${group[0]?.says ?? null}<br /><small>${named(group.map(({ cell }) => cell))}</small>
            </li> `,
        )}${rest > 0 ? html`<li>and ${rest} more</li>` : null}
    </ul> `;
}

function named(cells: readonly JudgedCell[]): Part {
  const unique = [...new Set(cells)];
  const rest = unique.length - SHOWN_CELLS;
  return [
    unique.slice(0, SHOWN_CELLS).map((cell, nr) => [nr === 0 ? null : html`, `, cellLink(cell)]),
    rest > 0 ? html` and ${rest} more` : null,
  ];
}

function said({ kind, name, reference: at, cell, why, pages }: Finding): Said {
  const plain = (text: string): Said => ({ cell, text, says: text });
  switch (kind) {
    case 'missed':
      return plain(`The seeded fault ${name} was missed: ${why.join(' ')}`);
    case 'failed':
      return plain([verdictName(cell.judgement), ...why].join(': '));
    case 'unjudged':
      return plain(why.join(' '));
    case 'broken': {
      const where = pages.length > 0 ? `: pages ${renderPages(pages).join(', ')}` : '';
      const says = html`<code>${name}</code>: ${why}${where}`;
      return { cell, text: `${name} ${why.join(' ')}${where}`, says };
    }
    case 'known':
    case 'gone': {
      const says = html`<code>${name}</code>: ${why} (${reference(at)})`;
      return { cell, text: `${name} ${why.join(' ')} ${at}`, says };
    }
  }
}

function hiddenOf(cell: JudgedCell): Said[] {
  return unseenOf(cell).map((invariant) => {
    const why = whyUnseen(invariant);
    const says = html`<code>${invariant.id}</code>: ${why}`;
    return { cell, text: `${invariant.id} ${why}`, says };
  });
}

/** Which invariants caught the seeded faults of the run, or should have; those that were not caught first. */
function faultTable(cells: readonly JudgedCell[]): Markup | null {
  const seeded = cells.flatMap((cell) => {
    const { fault } = cell.judgement;
    return fault === null ? [] : [{ cell, fault, count: countedAs(cell.judgement) }];
  });
  const ORDER = ['mismatch', 'unjudged', 'match'];
  const sorted = seeded.toSorted((a, b) => ORDER.indexOf(a.count) - ORDER.indexOf(b.count));
  const rows = sorted.map(({ cell, fault: { name, caught }, count }) => {
    const outcome = {
      match: (): Part => `caught by ${caught.join(', ')}`,
      mismatch: () => html`<strong>missed</strong>: ${missedWords(cell.judgement)}`,
      unjudged: () => 'could not be judged',
    };
    return html`<tr>
      <th scope="row">${name}</th>
      <td>${outcome[count]()}</td>
      <td>${cellLink(cell)}</td>
    </tr> `;
  });
  return rows.length === 0
    ? null
    : html`<table>
        <thead>
          <tr>
            <th scope="col">fault</th>
            <th scope="col">outcome</th>
            <th scope="col">cell</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table> `;
}
