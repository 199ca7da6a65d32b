// SPDX-License-Identifier: MIT
import { type FuzzCase, ISA_HOLE_PAGE, type Piece, isFair } from './fuzz-case.ts';
import { anyLowType } from './generate-case.ts';
import type { Random } from './random.ts';

/** One small change. `donor` is another case, of which it may take a part. */
type Change = (given: FuzzCase, random: Random, donor: FuzzCase) => FuzzCase;

/** By how much an edge of a piece moves, or the number of islands changes, at most. */
const FAR = 8;

const CHANGES: readonly [Change, ...Change[]] = [
  (given, _random, { pieces }) => ({ ...given, pieces }),
  (given, _random, { islands, levers }) => ({ ...given, islands, levers }),
  (given, _random, { append, bda }) => ({ ...given, append, bda }),
  (given, _random, { crashkernel, crash }) => ({ ...given, crashkernel, crash }),
  (given, _random, { cpus }) => ({ ...given, cpus }),
  withIslands,
  onPieces(retyped),
  onPieces(retyped),
  onPieces(moved),
  onPieces(moved),
  onPieces(split),
  onPieces(joined),
];

/** Changes to try for a machine that leaves a kernel room (`isFair`). */
const TRIES = 4;

/** A case that differs in up to three small things, or the donor if none leaves a kernel room. */
export function mutateCase(given: FuzzCase, donor: FuzzCase, random: Random): FuzzCase {
  for (let tries = 0; tries < TRIES; tries += 1) {
    let made = given;
    for (let left = 1 + random.below(3); left > 0; left -= 1) {
      made = random.pick(CHANGES)(made, random, donor);
    }
    if (made !== given && isFair(made)) return made;
  }
  return donor;
}

function withIslands(given: FuzzCase, random: Random): FuzzCase {
  const at = random.below(given.islands.length + 1);
  const by = (random.oneIn(2) ? 1 : -1) * (1 + random.below(FAR));
  const islands = given.islands.map((group, index) =>
    index === at ? { ...group, count: Math.max(1, group.count + by) } : group,
  );
  return { ...given, islands };
}

/** What becomes of the piece at a place, and of the one behind it. */
type PieceChange = (piece: Piece, next: Piece | undefined, random: Random) => readonly Piece[];

function onPieces(change: PieceChange): Change {
  return (given, random) => {
    const low = lowPieces(given);
    const at = random.below(Math.max(1, low.length));
    const [piece, next] = low.slice(at, at + 2);
    if (!piece) return given;
    const made = change(piece, next, random);
    return {
      ...given,
      pieces: [...low.toSpliced(at, 2, ...made), ...given.pieces.slice(low.length)],
    };
  };
}

/** Those below 640 KiB: there is no RAM from there to 1 MiB. */
function lowPieces({ pieces }: FuzzCase): Piece[] {
  let page = 0;
  return pieces.filter(({ pages }) => (page += pages) <= ISA_HOLE_PAGE);
}

function retyped({ pages }: Piece, next: Piece | undefined, random: Random): Piece[] {
  return [{ type: anyLowType(random), pages }, ...listOf(next)];
}

function moved(piece: Piece, next: Piece | undefined, random: Random): Piece[] {
  if (!next) return [piece];
  const to = random.oneIn(2);
  const most = (to ? next : piece).pages - 1;
  const by = Math.min(most, 1 + random.below(FAR)) * (to ? 1 : -1);
  return [
    { ...piece, pages: piece.pages + by },
    { ...next, pages: next.pages - by },
  ];
}

function split(piece: Piece, next: Piece | undefined, random: Random): Piece[] {
  if (piece.pages < 2) return [piece, ...listOf(next)];
  const first = 1 + random.below(piece.pages - 1);
  const rest = { type: random.oneIn(2) ? piece.type : anyLowType(random) };
  const halves = [
    { ...piece, pages: first },
    { ...rest, pages: piece.pages - first },
  ];
  return [...halves, ...listOf(next)];
}

function joined(piece: Piece, next: Piece | undefined): Piece[] {
  return [{ ...piece, pages: piece.pages + (next?.pages ?? 0) }];
}

function listOf(piece: Piece | undefined): Piece[] {
  return piece ? [piece] : [];
}
