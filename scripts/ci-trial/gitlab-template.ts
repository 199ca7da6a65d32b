// SPDX-License-Identifier: MIT
import { parse } from 'yaml';
import { z } from 'zod';

/** Keywords of a job that GitLab has and the template uses; the whole schema of GitLab is asked by scripts/try-ci.sh. */
const job = z.strictObject({
  extends: z.string().optional(),
  stage: z.string().optional(),
  image: z.string().optional(),
  tags: z.array(z.string()).optional(),
  interruptible: z.boolean().optional(),
  rules: z
    .array(z.strictObject({ if: z.string(), when: z.literal('always').optional() }))
    .optional(),
  variables: z.record(z.string(), z.string()).optional(),
  needs: z.array(z.string()).optional(),
  parallel: z.number().int().min(2).max(200).optional(),
  timeout: z.string().optional(),
  resource_group: z.string().optional(),
  allow_failure: z.strictObject({ exit_codes: z.array(z.number()) }).optional(),
  before_script: z.array(z.string()).optional(),
  script: z.array(z.string()).optional(),
  cache: z
    .strictObject({
      key: z.string(),
      fallback_keys: z.array(z.string()).optional(),
      paths: z.array(z.string()),
      policy: z.enum(['pull', 'push', 'pull-push']).optional(),
      when: z.literal('always').optional(),
    })
    .optional(),
  artifacts: z
    .strictObject({
      when: z.literal('always').optional(),
      name: z.string().optional(),
      paths: z.array(z.string()),
      reports: z.strictObject({ junit: z.string() }).optional(),
      expire_in: z.string(),
    })
    .optional(),
});

const template = z
  .strictObject({ stages: z.array(z.string()), variables: z.record(z.string(), z.string()) })
  .catchall(job);

/** A job, with what it takes from those that it extends. */
type TemplateJob = z.infer<typeof job>;

/** The jobs of a GitLab template that run. Throws on a keyword that the template had not, YAML that is none. */
export function parseTemplate(yaml: string): {
  readonly stages: readonly string[];
  readonly jobs: Readonly<Record<string, TemplateJob>>;
} {
  const { stages, variables: _, ...all } = template.parse(parse(yaml, { uniqueKeys: true }));
  const whole = (name: string): TemplateJob => {
    const found = all[name];
    if (!found) throw new Error(`no job ${name} to extend`);
    return found.extends === undefined ? found : { ...whole(found.extends), ...found };
  };
  const names = Object.keys(all).filter((name) => !name.startsWith('.'));
  return { stages, jobs: Object.fromEntries(names.map((name) => [name, whole(name)])) };
}

/** What is wrong with how jobs refer to each other, and with what they run. */
export function faultsOfTemplate(yaml: string): string[] {
  const { stages, jobs } = parseTemplate(yaml);
  return Object.entries(jobs).flatMap(([name, { stage = '', needs = [], script = [], rules }]) => [
    ...(stages.includes(stage) ? [] : [`${name}: no stage ${stage}`]),
    ...needs
      .filter((one) => stages.indexOf(jobs[one]?.stage ?? '') >= stages.indexOf(stage))
      .concat(needs.filter((one) => !jobs[one]))
      .map((one) => `${name}: needs ${one}, which is no job of an earlier stage`),
    ...(script.length > 0 ? [] : [`${name}: no script`]),
    ...(rules ? [] : [`${name}: runs in every pipeline`]),
  ]);
}
