// SPDX-License-Identifier: MIT
// @ts-check
/** The script of an HTML report: it opens the pages of cells, and makes maps and logs answer. All HTML here was made by markup.ts. */
'use strict';

const GROUP = 16;

/** @type {(selector: string, within?: ParentNode) => HTMLElement[]} */
const all = (selector, within = document) => [
  ...within.querySelectorAll(/** @type {'div'} */ (selector)),
];

/** @type {(id: string) => HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} text */
const attributeValue = (text) => text.replaceAll(/["\\]/g, '\\$&');

/** @param {string} name */
async function unpack(name) {
  const block = document.querySelector(`script[data-packed="${attributeValue(name)}"]`);
  if (!block) return null;
  const bytes = Uint8Array.from(atob(block.textContent ?? ''), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
}

/** Shows what the address names: `#cell-<id>`, `#cell-<id>/<log>/<line>`, or the run. */
async function route() {
  const { hash } = location;
  const [name = '', ...line] = hash.slice(1).split('/').map(decodeURIComponent);
  if (name === 'main') return;
  hideStory();
  const isCell = name.startsWith('cell-');
  if (isCell) await openCell(name);
  // Somebody may have gone on meanwhile.
  if (location.hash !== hash) return;
  byId('cell').hidden = !isCell;
  byId('overview').hidden = isCell;
  if (isCell) goTo(document.getElementById(line.join('/')));
}

/** @param {string} name */
async function openCell(name) {
  const cell = byId('cell');
  if (cell.dataset['shown'] === name) return;
  cell.innerHTML = (await unpack(name)) ?? 'This run has no such cell.';
  cell.dataset['shown'] = name;
  for (const place of all('[data-map]', cell)) await placeMap(place);
  for (const grid of all('.grid', cell)) makeGrid(grid);
  for (const pre of all('.log', cell)) makeLines(pre, `#${encodeURIComponent(name)}`);
  cell.prepend(backLink());
}

/**
 * Goes to a line of a log, or to the top of the cell.
 * @param {HTMLElement | null} line
 */
function goTo(line) {
  const cell = byId('cell');
  for (const one of all('.target', cell)) one.classList.remove('target');
  line?.classList.add('target');
  line?.scrollIntoView({ block: 'center' });
  if (line) return;
  scrollTo(0, 0);
  all('h2', cell)[0]?.focus();
}

function backLink() {
  const link = document.createElement('a');
  link.href = '#';
  link.className = 'back';
  link.textContent = '← the whole run';
  return link;
}

/** @param {HTMLElement} place */
async function placeMap(place) {
  const name = place.dataset['map'] ?? '';
  const shown = document.getElementById(name);
  if (shown) place.append(...[...shown.children].map((child) => child.cloneNode(true)));
  else place.innerHTML = (await unpack(name)) ?? '';
}

/**
 * Makes each page of a map an element that has the focus in its turn.
 * @param {HTMLElement} grid
 */
function makeGrid(grid) {
  if (grid.getAttribute('role') === 'grid') return;
  grid.setAttribute('role', 'grid');
  grid.ariaLabel = `${grid.previousElementSibling?.textContent}: pages, by the arrow keys`;
  [...grid.children].forEach((block, nr) => {
    block.setAttribute('role', 'rowgroup');
    for (const address of all('b, u', block)) address.ariaHidden = 'true';
    for (const row of all('p', block)) makeRow(row, nr * GROUP);
  });
  const first = all('[role=gridcell]', grid)[0];
  if (first) first.tabIndex = 0;
}

/**
 * @param {HTMLElement} row
 * @param {number} firstPage
 */
function makeRow(row, firstPage) {
  row.setAttribute('role', 'row');
  row.ariaLabel = row.dataset['row'] ?? '';
  let page = firstPage;
  for (const run of all('i', row)) {
    const pages = Array.from(run.textContent ?? '', (letter) => {
      const one = /** @type {HTMLElement} */ (run.cloneNode());
      one.textContent = letter;
      one.setAttribute('role', 'gridcell');
      one.tabIndex = -1;
      one.dataset['page'] = String(page);
      one.ariaLabel = `${letter}, page 0x${(page++).toString(16)}`;
      return one;
    });
    run.replaceWith(...pages);
  }
}

/** @type {Readonly<Record<string, (at: Place) => { block: number, row: number, column: number }>>} */
const MOVES = {
  ArrowLeft: ({ block, row, column }) =>
    column > 0 ? { block, row, column: column - 1 } : { block: block - 1, row, column: GROUP - 1 },
  ArrowRight: ({ block, row, column }) =>
    column < GROUP - 1 ? { block, row, column: column + 1 } : { block: block + 1, row, column: 0 },
  ArrowUp: ({ block, row, column, rows, wide }) =>
    row > 0 ? { block, row: row - 1, column } : { block: block - wide, row: rows - 1, column },
  ArrowDown: ({ block, row, column, rows, wide }) =>
    row < rows - 1 ? { block, row: row + 1, column } : { block: block + wide, row: 0, column },
  Home: ({ block, row }) => ({ block, row, column: 0 }),
  End: ({ block, row }) => ({ block, row, column: GROUP - 1 }),
};

/** @typedef {{ block: number, row: number, column: number, rows: number, wide: number }} Place */

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.key === 'Escape') hideStory();
  const cell = pageOf(event.target);
  const move = MOVES[event.key];
  const grid = cell?.closest('.grid');
  if (!cell || !move || !grid || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const rowsOf = (/** @type {Element} */ block) => [...block.querySelectorAll('p')];
  const block = /** @type {Element} */ (cell.closest('[role=rowgroup]'));
  const row = /** @type {HTMLElement} */ (cell.closest('p'));
  const next = move({
    block: [...grid.children].indexOf(block),
    row: rowsOf(block).indexOf(/** @type {HTMLParagraphElement} */ (row)),
    column: Number(cell.dataset['page']) % GROUP,
    rows: rowsOf(block).length,
    wide: getComputedStyle(grid).gridTemplateColumns.split(' ').length,
  });
  const there = grid.children[next.block];
  const target = there && all('[role=gridcell]', rowsOf(there)[next.row])[next.column];
  if (!target) return;
  cell.tabIndex = -1;
  target.tabIndex = 0;
  target.focus();
}

/** @type {(target: EventTarget | null) => HTMLElement | null} */
const pageOf = (target) => (target instanceof Element ? target.closest('[role=gridcell]') : null);

/** @param {Event} event */
function onPage(event) {
  const page = pageOf(event.target);
  if (page) showStory(page);
  else if (event.type !== 'focusin') hideStory();
}

/** @param {HTMLElement} cell */
function showStory(cell) {
  const page = Number(cell.dataset['page']);
  const box = byId('story');
  const stories = all('[data-pages]', cell.closest('.maps') ?? undefined);
  const story = stories.find((one) => hasPage(one.dataset['pages'] ?? '', page));
  const title = document.createElement('b');
  const address = (/** @type {number} */ at) => `0x${at.toString(16)}`;
  title.textContent = `Page ${address(page)}: ${address(page * 4096)}-${address(page * 4096 + 4095)}`;
  box.replaceChildren(title, ...(story?.querySelector('dd')?.cloneNode(true).childNodes ?? []));
  box.hidden = false;
  const { bottom, top, left } = cell.getBoundingClientRect();
  const isBelow = bottom + box.offsetHeight + 8 < innerHeight;
  box.style.top = `${isBelow ? bottom + 6 : Math.max(top - box.offsetHeight - 6, 4)}px`;
  box.style.left = `${Math.max(Math.min(left, innerWidth - box.offsetWidth - 8), 4)}px`;
}

/** @type {(runs: string, page: number) => boolean} */
const hasPage = (runs, page) =>
  runs.split(' ').some((run) => {
    const [first = 0, last = first] = run.split('-').map(Number);
    return page >= first && page <= last;
  });

function hideStory() {
  byId('story').hidden = true;
}

/**
 * Gives each line of a log its number, an address, and a search above them.
 * @param {HTMLElement} pre
 * @param {string} base
 */
function makeLines(pre, base) {
  const name = pre.dataset['log'] ?? '';
  const first = Number(pre.dataset['first']);
  const lines = (pre.textContent ?? '').split('\n').map((text, nr) => {
    const line = document.createElement('span');
    line.id = `${name}/${first + nr}`;
    const number = document.createElement('a');
    number.href = `${base}/${encodeURIComponent(name)}/${first + nr}`;
    number.textContent = String(first + nr);
    line.append(number, `${text}\n`);
    return line;
  });
  pre.replaceChildren(...lines);
  pre.before(search(lines, pre.ariaLabel ?? name));
}

/**
 * @param {HTMLElement[]} lines
 * @param {string} of
 */
function search(lines, of) {
  const form = document.createElement('p');
  const input = document.createElement('input');
  const found = document.createElement('output');
  input.type = 'search';
  input.ariaLabel = `Search: ${of}`;
  input.placeholder = 'search';
  input.addEventListener('input', () => {
    const wanted = input.value.toLowerCase();
    let nr = 0;
    for (const line of lines) {
      line.hidden = !(line.textContent ?? '').toLowerCase().includes(wanted);
      if (!line.hidden) nr++;
    }
    found.textContent = wanted === '' ? '' : `${nr} of ${lines.length} lines`;
  });
  form.className = 'search';
  form.append(input, ' ', found);
  return form;
}

/** Shows a promise in the heat map, or the verdicts. */
function showPromise() {
  const { value } = /** @type {HTMLSelectElement} */ (byId('promise'));
  const heat = byId('heat');
  heat.classList.toggle('by-outcome', value !== '');
  const marks = new Map(
    all('.of-outcomes .square').map((mark) => [mark.textContent ?? '', mark.className]),
  );
  for (const square of all('td .square', heat)) {
    square.dataset['verdict'] ??= `${square.textContent} ${square.className}`;
    const [letter = '', ...style] = square.dataset['verdict'].split(' ');
    const outcome = square.dataset['outcomes']?.[Number(value)] ?? '-';
    square.textContent = value === '' ? letter : outcome;
    square.className = value === '' ? style.join(' ') : (marks.get(outcome) ?? 'square');
  }
}

document.documentElement.classList.add('scripted');
byId('promise').addEventListener('change', showPromise);
document.addEventListener('keydown', onKey);
for (const type of ['pointerover', 'focusin', 'pointerdown'])
  document.addEventListener(type, onPage);
document.addEventListener(
  'toggle',
  ({ target }) => {
    if (!(target instanceof HTMLElement) || !target.matches('details.map[open]')) return;
    for (const grid of all('.grid', target)) makeGrid(grid);
  },
  true,
);
for (const grid of all('details.map[open] .grid')) makeGrid(grid);
addEventListener('hashchange', () => void route());
void route();
