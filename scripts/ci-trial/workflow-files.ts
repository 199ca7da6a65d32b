// SPDX-License-Identifier: MIT
import { parse, parseDocument } from 'yaml';
import { z } from 'zod';

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const texts = z.record(z.string(), text);

/** A step, with what a trial can do; anything else is refused, not left out. */
const step = z
  .strictObject({
    id: z.string().optional(),
    name: z.string().optional(),
    if: text.optional(),
    uses: z.string().optional(),
    with: texts.default({}),
    run: z.string().optional(),
    shell: z.literal('bash').optional(),
    env: texts.default({}),
  })
  .refine(({ uses, run }) => (uses === undefined) !== (run === undefined), 'expected uses or run');

const job = z.strictObject({
  name: z.string().optional(),
  needs: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  if: text.optional(),
  'runs-on': z.string(),
  'timeout-minutes': z.number().optional(),
  strategy: z
    .strictObject({
      'fail-fast': z.boolean().optional(),
      matrix: z.record(z.string(), z.array(text)),
    })
    .optional(),
  env: texts.default({}),
  steps: z.array(step),
});

const workflow = z.strictObject({
  name: z.string(),
  on: z.unknown(),
  permissions: z.unknown().optional(),
  concurrency: z.unknown().optional(),
  env: texts.default({}),
  jobs: z.record(z.string(), job),
});

const input = z.strictObject({
  description: z.string(),
  default: z.string().optional(),
  required: z.boolean().default(false),
});

const action = z.strictObject({
  name: z.string(),
  description: z.string(),
  inputs: z.record(z.string(), input).default({}),
  outputs: z
    .record(z.string(), z.strictObject({ description: z.string(), value: z.string() }))
    .default({}),
  runs: z.strictObject({ using: z.literal('composite'), steps: z.array(step) }),
});

export type Step = z.infer<typeof step>;
export type Job = z.infer<typeof job>;
export type Workflow = z.infer<typeof workflow>;
export type Action = z.infer<typeof action>;

/** Reads a workflow file, with some of its values changed (`path.to.it=YAML`). Throws on what a trial does not know. */
export function parseWorkflow(yaml: string, changes: readonly string[] = []): Workflow {
  const document = parseDocument(yaml);
  for (const change of changes) {
    const [name = '', value = ''] = change.split(/=(.*)/s);
    const path = name.split('.');
    if (!document.hasIn(path.slice(0, -1)))
      throw new Error(`the workflow has no place for ${name}`);
    document.setIn(path, parse(value));
  }
  return workflow.parse(document.toJS());
}

/** Reads the `action.yml` of a composite action. Throws on what a trial does not know. */
export function parseAction(yaml: string): Action {
  return action.parse(parse(yaml));
}

/** The inputs of an action that is used with these. Throws if one is not its own, or is missing. */
export function inputsOf(
  { name, inputs }: Action,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const strange = Object.keys(given).filter((one) => !Object.hasOwn(inputs, one));
  if (strange.length > 0) throw new Error(`${name} has no input ${strange.join(', ')}`);
  return Object.fromEntries(
    Object.entries(inputs).map(([id, { default: usual = '', required }]) => {
      if (required && given[id] === undefined) throw new Error(`${name} needs the input ${id}`);
      return [id, given[id] ?? usual];
    }),
  );
}
