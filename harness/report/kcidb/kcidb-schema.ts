// SPDX-License-Identifier: MIT
/**
 * The rules of KCIDB 5.3 for what sub1m submits (https://docs.kernelci.org/kcidb/, kcidb-io): in our words, and stricter
 * where a server would take what nobody can use.
 *
 * The one rule: the maker's document passes here before anybody gets it. Start reading at `kcidb-report.ts`.
 */
import { z } from 'zod';

/** Characters of a log that the database takes. */
export const LOG_LIMIT = 16_384;

const text = z.string().refine((words) => !words.includes('\0'), 'expected no NUL');
const origin = z.string().regex(/^[a-z0-9_]+$/);

/** `<origin>:<what the origin likes>`. */
const id = text.regex(/^[a-z0-9_]+:./);

/** Dots stand between names. */
const path = z.string().regex(/^[\w-]+(?:\.[\w-]+)*$/);

/** A time with its zone (RFC 3339). */
const time = z.iso.datetime({ offset: true });

/** What the schema leaves open; null is nowhere. */
const misc = z
  .record(z.string(), z.json())
  .refine((fields) => !hasNull(fields), 'expected no null in misc');

function hasNull(value: unknown): boolean {
  if (typeof value !== 'object') return false;
  return value === null || Object.values(value).some(hasNull);
}

/** From the worst to the best: of several tests the first tells how they ended. */
const status = z.enum(['FAIL', 'ERROR', 'MISS', 'PASS', 'DONE', 'SKIP']);

const checkoutSchema = z.strictObject({
  id,
  origin,
  comment: text.optional(),
  misc: misc.optional(),
});

const buildSchema = z.strictObject({
  id,
  origin,
  checkout_id: id,
  architecture: z.string().regex(/^[a-z0-9_]+$/),
  status: status.optional(),
  comment: text.optional(),
  log_excerpt: text.max(LOG_LIMIT).optional(),
  misc: misc.optional(),
});

const testSchema = z.strictObject({
  id,
  origin,
  build_id: id,
  path,
  status,
  start_time: time,
  comment: text.optional(),
  log_excerpt: text.max(LOG_LIMIT).optional(),
  environment: z.strictObject({ comment: text, misc }),
  misc: misc.optional(),
});

const issueSchema = z.strictObject({
  id,
  origin,
  version: z.number().int().nonnegative(),
  comment: text.optional(),
  report_url: z.url().optional(),
  culprit: z.strictObject({ code: z.boolean(), tool: z.boolean(), harness: z.boolean() }),
});

const incidentSchema = z.strictObject({
  id,
  origin,
  issue_id: id,
  issue_version: z.number().int().nonnegative(),
  test_id: id,
  present: z.boolean(),
});

/** Which objects name which others. */
const REFERENCES = [
  ['builds', 'checkout_id', 'checkouts'],
  ['tests', 'build_id', 'builds'],
  ['incidents', 'issue_id', 'issues'],
  ['incidents', 'test_id', 'tests'],
] as const;

/** A document for KCIDB, whole in itself: ids are unique, and what is named is there. */
export const kcidbSchema = z
  .strictObject({
    version: z.strictObject({ major: z.literal(5), minor: z.literal(3) }),
    checkouts: z.array(checkoutSchema),
    builds: z.array(buildSchema),
    tests: z.array(testSchema),
    issues: z.array(issueSchema),
    incidents: z.array(incidentSchema),
  })
  .superRefine(({ checkouts, builds, tests, issues, incidents }, context) => {
    const lists = { checkouts, builds, tests, issues, incidents };
    const ids = new Map(
      Object.entries(lists).map(([name, list]) => [name, new Set(list.map((one) => one.id))]),
    );
    for (const [name, list] of Object.entries(lists)) {
      if (ids.get(name)?.size !== list.length) {
        context.addIssue(`expected ids of ${name} that differ`);
      }
    }
    for (const [from, field, to] of REFERENCES) {
      for (const one of lists[from]) {
        const named = (one as Readonly<Record<string, unknown>>)[field];
        if (!ids.get(to)?.has(String(named))) {
          context.addIssue(`no ${to} for ${field} ${String(named)}`);
        }
      }
    }
  });

/** See `kcidbSchema`. */
export type KcidbDocument = z.infer<typeof kcidbSchema>;

export type KcidbStatus = z.infer<typeof status>;
