// SPDX-License-Identifier: MIT
/** The inputs that no log tells: which value of one of them would make the model say what the log shows. */
import type { LogCauses } from '../../layout/log/log-causes.ts';
import { PAGE_SIZE, hex } from '../../memory/pfn.ts';
import { type PhysRange, physRange, renderRange } from '../../memory/phys-range.ts';
import type { ModelInputs } from '../../model/model-inputs.ts';
import { type Prediction, predict } from '../../model/prediction.ts';
import type { PolicyId } from '../../policy-id.ts';
import { compareOutcome } from './log-outcome.ts';
import type { Comparison, Predicted } from './comparison.ts';
import type { ToldInputs } from './log-machine.ts';

/** An input that makes the model agree, and the option that gives it. */
export interface FoundInput {
  readonly what: string;
  readonly option: string;
  /** How many values of it do: with more than one nothing is proved. */
  readonly values: number;
}

interface Candidate {
  readonly option: string;
  readonly inputs: ModelInputs;
}

/** What is known beside the inputs. */
export interface Searched {
  readonly inputs: ModelInputs;
  readonly policy: PolicyId;
  readonly log: string;
  readonly causes: LogCauses;
  readonly told: ToldInputs;
  readonly seen: Pick<Predicted, 'is32Bit' | 'hasBootServices'>;
}

/** Bytes of a descriptor in the map that the firmware gave. */
const DESCRIPTOR_SIZE = 48;
/** Pages of a map of which the size is unknown: some 85 descriptors each. */
const MAP_PAGES = 4;
/** From the first page of RAM to where the BIOS's own memory begins at the latest. */
const [FIRST_PAGE, END_PAGE] = [1, 0x9f];

interface Kind {
  readonly what: string;
  /** Whether nobody has told it yet, and this machine can have it. */
  readonly isUnknown: (searched: Searched) => boolean;
  readonly candidates: (searched: Searched, before: Prediction) => Iterable<Candidate>;
}

const KINDS: readonly Kind[] = [
  {
    what: 'the BIOS data area',
    isUnknown: ({ told }) => told.baseMemoryKiB === null && told.ebda === null,
    candidates: baseMemories,
  },
  {
    what: "the EFI map's place",
    isUnknown: ({ causes, told }) => causes.isEfi && told.reserved.length === 0,
    candidates: mapPlaces,
  },
  {
    what: "the trampoline's size",
    isUnknown: ({ causes, told }) => causes.trampolineSize === null && told.trampolineSize === null,
    candidates: trampolineSizes,
  },
  {
    what: 'the copy of the EFI map for the ESRT',
    isUnknown: ({ causes, inputs, told }) =>
      causes.tables.esrt && inputs.efiMap === null && told.reserved.length === 0,
    candidates: copies,
  },
];

/** The inputs of which one value, or some, make every comparison agree; each alone. */
export function searchInputs(searched: Searched): FoundInput[] {
  const before = predict(searched.inputs, searched.policy);
  const all = KINDS.filter(({ isUnknown }) => isUnknown(searched)).flatMap(
    ({ what, candidates }) => {
      const found = [...candidates(searched, before)].filter(({ inputs }) =>
        agrees(searched, inputs),
      );
      const [first] = found;
      return first ? [{ what, option: first.option, values: found.length }] : [];
    },
  );
  // A copy of one page is no other than a map of one page in its place.
  return all.filter(({ option }, at) => all.findIndex((one) => one.option === option) === at);
}

function agrees({ log, policy, seen }: Searched, inputs: ModelInputs): boolean {
  const prediction = predict(inputs, policy);
  return compareOutcome(log, { inputs, prediction, ...seen }).every(
    (one: Comparison) => one.agrees,
  );
}

/** From 128 KiB to 636 KiB `reserve_bios_regions()` believes the BIOS; a page has 4 KiB. */
function* baseMemories({ inputs }: Searched): Generator<Candidate> {
  for (let baseMemoryKiB = 636; baseMemoryKiB >= 128; baseMemoryKiB -= 4) {
    const biosWords = { ...inputs.biosWords, baseMemoryKiB };
    yield { option: `--base-memory ${baseMemoryKiB}`, inputs: { ...inputs, biosWords } };
  }
}

/** From 2.6.39 (two pages, four) to today's seven, and some more. */
function* trampolineSizes({ inputs }: Searched): Generator<Candidate> {
  for (let pages = 8; pages >= 2; pages -= 1) {
    const trampolineSize = pages * PAGE_SIZE;
    const option = `--trampoline-size ${hex(trampolineSize)}`;
    yield { option, inputs: { ...inputs, trampolineSize } };
  }
}

/** As many pages as the map takes, anywhere. */
function* mapPlaces({ inputs }: Searched): Generator<Candidate> {
  const size = (inputs.efiMap?.length ?? 0) * DESCRIPTOR_SIZE;
  const pages = Math.max(Math.ceil(size / PAGE_SIZE), 1);
  for (let page = END_PAGE - pages; page >= FIRST_PAGE; page -= 1) {
    yield reserving(inputs, physRange(page * PAGE_SIZE, (page + pages) * PAGE_SIZE));
  }
}

/** `efi_memmap_alloc()` takes the highest free bytes, before the trampoline does. */
function* copies({ inputs }: Searched, { trampoline }: Prediction): Generator<Candidate> {
  if (!trampoline) return;
  for (let pages = 1; pages <= MAP_PAGES; pages += 1) {
    yield reserving(inputs, physRange(trampoline.end - pages * PAGE_SIZE, trampoline.end));
  }
}

function reserving(inputs: ModelInputs, range: PhysRange): Candidate {
  return {
    option: `--reserved ${renderRange(range)}`,
    inputs: { ...inputs, earlyReservations: [...inputs.earlyReservations, range] },
  };
}
