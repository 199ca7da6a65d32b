// SPDX-License-Identifier: MIT
import { whyUnseen } from '../../check/judgement.ts';
import { type JudgedCell, type RunResult, summary } from '../../matrix/judged-cell.ts';
import { renderPages } from '../../memory/page-map.ts';
import { type Finding, type FindingKind, findingsOf } from '../text/finding-groups.ts';
import { groupBy } from '../text/group-by.ts';
import { renderSeconds } from '../text/style.ts';
import { unseenOf } from '../text/unseen.ts';
import { verdictName } from '../text/verdict-text.ts';
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
  { title: 'Broken', style: 'bad', kinds: ['broken', 'failed', 'missed'] },
  { title: 'Could not be judged', style: 'unsure', kinds: ['unjudged'] },
  { title: 'Known defects', style: 'known', kinds: ['known'] },
  { title: 'Known defects that no longer show', style: 'good', kinds: ['gone'] },
];

/** Findings of a list, and cells of a finding, that are named. */
const SHOWN_FINDINGS = 40;
const SHOWN_CELLS = 8;

/** The counts of a run, and what is wrong in it: each finding once, with the cells that show it. */
export function renderSummary(run: RunResult): Markup {
  const { cells, seconds } = run;
  const { match, mismatch, unjudged, known } = summary(cells);
  const faults = cells.flatMap(({ judgement }) => judgement.fault ?? []);
  const caught = faults.filter((fault) => fault.caught.length > 0).length;
  const findings = cells.flatMap(findingsOf);
  const unseen = cells.reduce((sum, cell) => sum + unseenOf(cell).length, 0);
  const tiles: readonly (readonly [string, string, string | number])[] = [
    ['match', 'good', match],
    ['mismatch', mismatch > 0 ? 'bad' : 'none', mismatch],
    ['unjudged', unjudged > 0 ? 'unsure' : 'none', unjudged],
    ['with a known defect', known > 0 ? 'known' : 'none', known],
    ['promises unseen', unseen > 0 ? 'unsure' : 'none', unseen],
    faults.length === 0
      ? ['seeded faults', 'none', 'none tried']
      : [
          'seeded faults caught',
          caught < faults.length ? 'bad' : 'good',
          `${caught} of ${faults.length}`,
        ],
    ['duration', 'none', renderSeconds(seconds)],
  ];
  return html`<section id="summary" aria-labelledby="summary-title">
    <h2 id="summary-title">Summary</h2>
    <ul class="tiles">
      ${tiles.map(
        ([name, style, count]) => html`<li class="${style}"><b>${count}</b> ${name}</li>`,
      )}
    </ul>
    ${LISTS.map(({ title, style, kinds }) => {
      const found = findings.filter(({ kind }) => kinds.includes(kind));
      return list(title, style, found.map(said));
    })}
    ${list('Promises that could not be seen', 'unsure', cells.flatMap(hiddenOf))}
    ${faultTable(cells)}
  </section> `;
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
      return plain(`The seeded fault ${name} was missed`);
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

/** Which invariants caught the seeded faults, or should have; those that were missed first. */
function faultTable(cells: readonly JudgedCell[]): Markup | null {
  const seeded = cells.flatMap((cell) => {
    const { fault } = cell.judgement;
    return fault === null ? [] : [{ cell, fault, isCaught: fault.caught.length > 0 }];
  });
  const sorted = seeded.toSorted((a, b) => Number(a.isCaught) - Number(b.isCaught));
  const rows = sorted.map(({ cell, fault: { name, caught, caughtBy }, isCaught }) => {
    return html`<tr>
      <th scope="row">${name}</th>
      <td>
        ${isCaught ? 'caught by' : html`<strong>missed</strong>; expected one of`}
        ${(isCaught ? caught : caughtBy).join(', ')}
      </td>
      <td>${cellLink(cell)}</td>
    </tr> `;
  });
  return rows.length === 0
    ? null
    : html`<h3>Seeded faults</h3>
        <table>
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
