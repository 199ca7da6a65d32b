// SPDX-License-Identifier: MIT
import { STANDARD_CELL } from '../bundle/cell-record.ts';
import { type FuzzCase, ISA_HOLE_PAGE, PLAIN_CASE, type Piece, isFair } from './fuzz-case.ts';

interface ShrinkOptions {
  /** Whether a smaller case still shows the same. */
  readonly shows: (smaller: FuzzCase) => Promise<boolean>;
  /** Whether another case may be tried. */
  readonly goesOn: () => boolean;
  /** Told of each smaller case that shows the same. */
  readonly onSmaller: (smaller: FuzzCase) => Promise<void>;
}

/** A case as small as it was made, and whether nothing smaller of those next to it shows the same. */
interface Shrunk {
  readonly smallest: FuzzCase;
  readonly isMinimal: boolean;
}

/**
 * Makes a case smaller, step by step, as long as it shows the same: the large steps first, each as long as it helps. No
 * case is tried twice, none in which a kernel would have no room.
 */
export async function shrink(
  from: FuzzCase,
  { shows, goesOn, onSmaller }: ShrinkOptions,
): Promise<Shrunk> {
  const tried = new Set([JSON.stringify(from)]);
  let smallest = from;
  for (let at = 0; ;) {
    const all = smallerCases(smallest);
    const index = all.findIndex((one, nr) => nr >= at && isNew(one, tried) && isFair(one));
    const next = all[index];
    if (!next && at === 0) return { smallest, isMinimal: true };
    if (next) {
      if (!goesOn()) return { smallest, isMinimal: false };
      tried.add(JSON.stringify(next));
      if (await shows(next)) {
        smallest = next;
        await onSmaller(next);
      }
    }
    // What did not help before may help at the end.
    at = next ? index : 0;
  }
}

function isNew(given: FuzzCase, tried: ReadonlySet<string>): boolean {
  return !tried.has(JSON.stringify(given));
}

type Step = (given: FuzzCase) => FuzzCase[];

/** Leaps to the most ordinary machine with but one or two things of the case: most findings need no more. */
function withLittle(given: FuzzCase): FuzzCase[] {
  const { crashkernel, append, pieces, islands } = given;
  return [
    { ...PLAIN_CASE, crashkernel },
    { ...PLAIN_CASE, crashkernel, append },
    { ...PLAIN_CASE, crashkernel, pieces },
    { ...PLAIN_CASE, crashkernel, pieces, append },
    { ...PLAIN_CASE, crashkernel, pieces, islands },
  ];
}

/** From what makes a machine the most ordinary to single pieces. */
const STEPS: readonly Step[] = [
  withLittle,
  (given) => (given.crash === null ? [] : [{ ...given, crash: null }]),
  (given) => [1, 2].filter((cpus) => cpus < given.cpus).map((cpus) => ({ ...given, cpus })),
  (given) => withStandard(given, 'memoryMiB'),
  (given) => withStandard(given, 'ovmf'),
  (given) => (given.bda ? [{ ...given, bda: null }] : []),
  (given) => withoutEach(given.levers).map((levers) => ({ ...given, levers })),
  (given) => withoutEach(given.append).map((append) => ({ ...given, append })),
  (given) => withCrashkernel(given),
  (given) => withoutEach(given.islands).map((islands) => ({ ...given, islands })),
  (given) => flattened(given),
  (given) => joined(given),
  (given) => fewerIslands(given),
];

/** Every case that is one step smaller, the largest steps first. */
function smallerCases(given: FuzzCase): FuzzCase[] {
  return STEPS.flatMap((step) => step(given));
}

function withStandard(given: FuzzCase, field: 'memoryMiB' | 'ovmf'): FuzzCase[] {
  const standard = { ...given, [field]: STANDARD_CELL[field] };
  return standard[field] === given[field] ? [] : [standard];
}

function withoutEach<T>(list: readonly T[]): T[][] {
  return list.map((_, index) => list.filter((__, at) => at !== index));
}

/** None, else the plainest. */
function withCrashkernel(given: FuzzCase): FuzzCase[] {
  const plainer = [null, '256M'].filter(
    (_, index, all) => !all.slice(0, index + 1).includes(given.crashkernel),
  );
  return plainer.map((crashkernel) => ({ ...given, crashkernel }));
}

/** A range of pieces made ordinary memory, or a hole above 640 KiB: all of them, halves, quarters, … single ones. */
function flattened(given: FuzzCase): FuzzCase[] {
  const { pieces } = given;
  const found: FuzzCase[] = [];
  for (let size = pieces.length; size >= 1; size = Math.floor(size / 2)) {
    for (let first = 0; first < pieces.length; first += size) {
      found.push({ ...given, pieces: plain(pieces, first, first + size) });
    }
  }
  return found.filter((one) => one.pieces.length > 0);
}

function plain(pieces: readonly Piece[], first: number, end: number): Piece[] {
  const made: Piece[] = [];
  let page = 0;
  for (const [index, { type: asked, pages }] of pieces.entries()) {
    const boring = page < ISA_HOLE_PAGE ? 'Conventional' : null;
    const type = index >= first && index < end ? boring : asked;
    page += pages;
    const before = made.at(-1);
    const isSame = before?.type === type && type === boring;
    if (before && isSame) made[made.length - 1] = { type, pages: before.pages + pages };
    else made.push({ type, pages });
  }
  return made.at(-1)?.type === null ? made.slice(0, -1) : made;
}

/** Two neighbours of one type as one. */
function joined(given: FuzzCase): FuzzCase[] {
  return given.pieces.flatMap(({ type, pages }, index) => {
    const next = given.pieces[index + 1];
    if (next?.type !== type) return [];
    const whole = { type, pages: pages + next.pages };
    return [{ ...given, pieces: given.pieces.toSpliced(index, 2, whole) }];
  });
}

/** How many islands may go at once: half of them, some, one. */
const FEWER: readonly ((count: number) => number)[] = [
  (count) => Math.floor(count / 2),
  (count) => count - 8,
  (count) => count - 1,
];

function fewerIslands(given: FuzzCase): FuzzCase[] {
  return given.islands.flatMap(({ type, count }, index) =>
    FEWER.map((fewer) => fewer(count))
      .filter((left) => left >= 1 && left < count)
      .map((left) => ({ ...given, islands: given.islands.with(index, { type, count: left }) })),
  );
}
