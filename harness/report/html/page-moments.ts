// SPDX-License-Identifier: MIT
import type { Judgement } from '../../check/judgement.ts';
import { agrees } from '../../check/observe/agreement.ts';
import type { PageClass } from '../../memory/kpageflags.ts';
import { LOW_PAGES, type Pfn } from '../../memory/pfn.ts';
import type { Owner } from '../../model/owners.ts';
import { MOMENTS, type Moment } from '../../model/moments.ts';

/** What a cell shows of the 256 pages, moment by moment: cells that show the same share a map. */
export interface PageMoments {
  readonly moments: readonly MomentRows[];
  readonly stories: readonly PageStory[];
}

/** The pages at a moment: what was predicted of them, and beneath it what was observed. */
interface MomentRows {
  readonly name: string;
  readonly rows: readonly PageRow[];
}

/** The 256 pages as they were predicted, or as they were seen at some time. */
export type PageRow = (
  | { readonly kind: 'predicted'; readonly owners: readonly Owner[] }
  | { readonly kind: SeenKind; readonly owners: readonly PageClass[] }
) & {
  /** Whether the page was not observed as predicted, or an invariant is broken there. */
  readonly marks: readonly PageMark[];
};

type SeenKind = 'observed' | 'died' | 'crashed';

/** What the rows are called. */
export const ROW_NAMES: Readonly<Record<PageRow['kind'], string>> = {
  predicted: 'predicted',
  observed: 'observed in user space',
  died: 'observed in the memory of the kernel that died',
  crashed: 'observed after the crash',
};

export type PageMark = 'broken' | 'known' | 'unpredicted' | null;

/** How some pages came to their owner, and what was seen of them. */
export interface PageStory {
  readonly pages: readonly number[];
  /** A line each. */
  readonly seen: readonly string[];
  readonly events: readonly {
    readonly step: string;
    readonly owner: string;
    readonly why: string;
  }[];
}

/** The last moment: what the agent sees in user space, and the vmcore after the panic, must be as it says. */
const LAST: Moment = 'kexec-jump';

/** What a cell shows of its pages; undefined if nothing is predicted and nothing observed. */
export function pageMoments(judgement: Judgement): PageMoments | undefined {
  const { prediction, observation } = judgement;
  const observed = observation.pages.value;
  const crashed = observation.pagesAtCrash?.value ?? null;
  if (prediction === null && observed === null && crashed === null) return undefined;
  const faults = faultsByPage(judgement);
  const last = prediction?.pages.map(({ owner }) => owner) ?? null;
  const seenRows = [
    ...(observed ? [observedRow(liveKind(judgement), { classes: observed, last, faults })] : []),
    ...(crashed ? [observedRow('crashed', { classes: crashed, last, faults })] : []),
  ];
  const moments = (Object.keys(MOMENTS) as Moment[]).flatMap((moment): MomentRows[] => {
    const owners = moment === LAST ? last : prediction?.moments[moment];
    const predicted = owners ? [predictedRow(owners, moment === LAST ? faults : NO_FAULTS)] : [];
    const rows = [...predicted, ...(moment === LAST ? seenRows : [])];
    return rows.length === 0 ? [] : [{ name: MOMENTS[moment], rows }];
  });
  return { moments, stories: storiesOf(judgement, faults) };
}

/** The invariants that are broken on a page. */
type Faults = ReadonlyMap<number, { readonly mark: 'broken' | 'known'; readonly ids: string[] }>;

const NO_FAULTS: Faults = new Map();

function faultsByPage({ invariants }: Judgement): Faults {
  const faults = new Map<number, { mark: 'broken' | 'known'; readonly ids: string[] }>();
  for (const { id, outcome, pages } of invariants) {
    if (outcome !== 'broken' && outcome !== 'known') continue;
    for (const page of pages.filter((one: Pfn) => one < LOW_PAGES)) {
      const fault = faults.get(page) ?? { mark: outcome, ids: [] };
      if (outcome === 'broken') fault.mark = outcome;
      fault.ids.push(
        outcome === 'broken' ? `${id} is broken here` : `${id} is a known defect here`,
      );
      faults.set(page, fault);
    }
  }
  return faults;
}

function predictedRow(owners: readonly Owner[], faults: Faults): PageRow {
  return {
    kind: 'predicted',
    owners,
    marks: owners.map((_, page) => faults.get(page)?.mark ?? null),
  };
}

interface Seen {
  readonly classes: readonly PageClass[];
  readonly last: readonly Owner[] | null;
  readonly faults: Faults;
}

function liveKind({ observation }: Judgement): SeenKind {
  return observation.died ? 'died' : 'observed';
}

function observedRow(kind: SeenKind, { classes, last, faults }: Seen): PageRow {
  const marks = classes.map((seen, page): PageMark => {
    const owner = last?.[page];
    const isAsPredicted = owner === undefined || agrees(owner, seen);
    return faults.get(page)?.mark ?? (isAsPredicted ? null : 'unpredicted');
  });
  return { kind, owners: classes, marks };
}

/** One story for all pages that share it. */
function storiesOf(judgement: Judgement, faults: Faults): PageStory[] {
  const stories = new Map<string, PageStory & { readonly pages: number[] }>();
  for (let page = 0; page < LOW_PAGES; page++) {
    const story = { seen: seenOf(page, judgement, faults), events: eventsOf(page, judgement) };
    const key = JSON.stringify(story);
    const alike = stories.get(key);
    if (alike) alike.pages.push(page);
    else stories.set(key, { pages: [page], ...story });
  }
  return [...stories.values()];
}

function seenOf(page: number, judgement: Judgement, faults: Faults): string[] {
  const { prediction, observation } = judgement;
  const owner = prediction?.pages[page]?.owner;
  const said = (seen: PageClass | undefined, kind: SeenKind): string[] => {
    if (seen === undefined) return [];
    const isAsPredicted = owner === undefined || agrees(owner, seen);
    return [`${ROW_NAMES[kind]}: ${seen}${isAsPredicted ? '' : ', not as predicted'}`];
  };
  return [
    ...(owner === undefined ? [] : [`predicted: ${owner}`]),
    ...said(observation.pages.value?.[page], liveKind(judgement)),
    ...said(observation.pagesAtCrash?.value?.[page], 'crashed'),
    ...(faults.get(page)?.ids ?? []),
  ];
}

function eventsOf(page: number, { prediction }: Judgement): PageStory['events'] {
  return (prediction?.pages[page]?.history ?? []).map(({ step, owner, why }) => {
    return { step, owner, why };
  });
}
