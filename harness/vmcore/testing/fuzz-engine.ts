// SPDX-License-Identifier: MIT
/** Mutates the bytes that a parser reads, and only those, and watches what it does. */
import { FormatError } from '../../errors.ts';

/** Bytes that can be read at any offset: a file, or the memory in a dump. */
export interface Readable {
  readonly size: number;
  read(at: number, length: number): Uint8Array;
}

/** A parser, and bytes that it accepts. */
export interface FuzzTarget {
  readonly name: string;
  readonly source: Readable;
  readonly parse: (source: Readable) => void;
  /** Makes a mutant, if a number or two of `source` are not what to change. */
  readonly mutant?: (random: Random) => Readable;
  /** Where to mutate, if not wherever the parser reads: some search a lot to find little. */
  readonly areas?: readonly Area[];
  /** For a slow parser: one in so many of the mutants that others get. */
  readonly oneIn?: number;
}

/** A stretch of bytes. */
export type Area = readonly [start: number, bytes: number];

/** How a parser took its mutants. */
interface FuzzOutcome {
  readonly count: number;
  readonly refused: number;
  readonly slowest: Timed;
  /** Mutants that threw anything but a `FormatError`; the seed reproduces each. */
  readonly failures: readonly { readonly seed: number; readonly error: unknown }[];
}

/** A mutant, and how much CPU time it took. */
interface Timed {
  readonly seed: number;
  readonly ms: number;
}

/** Failures after which to stop. */
const FAILURE_LIMIT = 5;

/** So many that took longest are run once more at the end, when no code is cold any more. */
const SLOWEST = 16;

/** How many mutants a parser gets of those that others get. */
export function mutantsOf({ oneIn = 1 }: FuzzTarget, ofOthers: number): number {
  return Math.ceil(ofOthers / oneIn);
}

/** Parses mutants, each from its own seed. Throws if the parser refuses the original. */
export function fuzz(target: FuzzTarget, ofOthers: number): FuzzOutcome {
  const { source, parse, areas } = target;
  const count = mutantsOf(target, ofOthers);
  const seen = areas ?? tracedAreas(source, parse);
  const { mutant = (random) => mutantOf(source, seen, random) } = target;
  const failures: { seed: number; error: unknown }[] = [];
  let [refused, slow]: [number, Timed[]] = [0, []];
  // Most mutants end in an error, and capturing stacks would take half of the time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  for (let seed = 0; seed < count && failures.length < FAILURE_LIMIT; seed += 1) {
    const bytes = mutant(randomOf(seed));
    const { ms, error } = taken(parse, bytes);
    if (error instanceof FormatError) refused += 1;
    else if (error !== undefined) failures.push({ seed, error });
    if (ms > (slow[SLOWEST - 1]?.ms ?? 0)) slow = byTime([...slow, { seed, ms }]).slice(0, SLOWEST);
  }
  const [slowest = { seed: 0, ms: 0 }] = byTime(
    slow.map(({ seed, ms }) => ({
      seed,
      ms: Math.min(ms, taken(parse, mutant(randomOf(seed))).ms),
    })),
  );
  Error.stackTraceLimit = stackTraceLimit;
  return { count, refused, slowest, failures };
}

function byTime(all: readonly Timed[]): Timed[] {
  return all.toSorted((a, b) => b.ms - a.ms);
}

/** What a mutant takes of CPU time, which does not count what else the host does. */
function taken(parse: FuzzTarget['parse'], bytes: Readable): { ms: number; error?: unknown } {
  const before = process.cpuUsage();
  const spentMs = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  try {
    parse(bytes);
    return { ms: spentMs() };
  } catch (error) {
    return { ms: spentMs(), error };
  }
}

function tracedAreas(source: Readable, parse: FuzzTarget['parse']): Area[] {
  const areas = new Map<string, Area>();
  parse({
    size: source.size,
    read: (at, length) => {
      const bytes = source.read(at, length);
      if (length > 0) areas.set(`${at}+${length}`, [at, length]);
      return bytes;
    },
  });
  return [...areas.values()];
}

/** A number from 0 on, below another. */
export type Random = (below: number) => number;

/** mulberry32: a test can be rerun by its seed. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Bytes that replace others. */
interface Patch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** One in so many mutants is cut off as well. */
const CUT_ONE_IN = 8;
/** Nothing larger is cut off: it is the memory of a real machine, not a file. */
const CUT_BELOW = 2 ** 32;

function mutantOf(source: Readable, areas: readonly Area[], random: Random): Readable {
  const patches = Array.from({ length: 1 + random(4) }, () => patchOf(source, areas, random));
  const isCut = source.size < CUT_BELOW && random(CUT_ONE_IN) === 0;
  const size = isCut ? random(source.size + 1) : source.size;
  return {
    size,
    read: (at, length) => {
      const hits = patches.filter(
        (patch) => patch.at < at + length && at < patch.at + patch.bytes.length,
      );
      if (hits.length === 0) return source.read(at, length);
      const bytes = Uint8Array.from(source.read(at, length));
      for (const patch of hits) {
        const skip = Math.max(0, at - patch.at);
        const to = Math.max(0, patch.at - at);
        bytes.set(patch.bytes.subarray(skip, skip + length - to), to);
      }
      return bytes;
    },
  };
}

/** Words that parsers often get wrong; the last is an address in the image of a built kernel. */
const WORDS = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0x7fff_ffffn,
  0xffff_ffffn,
  1n << 63n,
  ~0n,
  0xffff_ffff_8011_0000n,
];

const WIDTHS = [1, 2, 4, 8];

function patchOf(source: Readable, areas: readonly Area[], random: Random): Patch {
  const width = WIDTHS[random(WIDTHS.length)] ?? 1;
  const [at, bytes] = numberIn(source, areas, { random, width });
  const elsewhere = (): Uint8Array => numberIn(source, areas, { random, width })[1];
  return { at, bytes: changed(bytes, elsewhere, random) };
}

/** A number from a random place of an area; shorter if the area is. */
function numberIn(
  source: Readable,
  areas: readonly Area[],
  { random, width }: { readonly random: Random; readonly width: number },
): [at: number, bytes: Uint8Array] {
  const [start, length] = areas[random(areas.length)] ?? [0, source.size];
  const offset = random(Math.max(1, length - width + 1));
  return [start + offset, source.read(start + offset, Math.min(width, length))];
}

/** Changes a number to a neighbour, one of `WORDS`, other bits, or a number from elsewhere. */
function changed(bytes: Uint8Array, elsewhere: () => Uint8Array, random: Random): Uint8Array {
  const buffer = Buffer.alloc(8);
  buffer.set(bytes);
  const value = buffer.readBigUInt64LE();
  const choices = [
    () => value + 1n,
    () => value - 1n,
    () => value ^ (1n << BigInt(random(bytes.length * 8))),
    () => WORDS[random(WORDS.length)] ?? 0n,
    () => BigInt(random(2 ** 32)) * BigInt(random(2 ** 32)),
  ];
  const choice = choices[random(choices.length + 1)];
  if (!choice) return elsewhere();
  buffer.writeBigUInt64LE(BigInt.asUintN(64, choice()));
  return buffer.subarray(0, bytes.length);
}
