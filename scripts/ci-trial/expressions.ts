// SPDX-License-Identifier: MIT
import { Evaluator, Lexer, Parser, data } from '@actions/expressions';

/** How the steps before went, which decides what `success()` and its like say. */
export type JobStatus = 'success' | 'failure';

/** What a value of YAML or JSON can be. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [key: string]: Value };

/** What expressions see: `github`, `inputs`, `steps`, … */
export type Contexts = Readonly<Record<string, Value>>;

/** A text with its `${{ … }}` evaluated, as GitHub's runner does. */
export function fill(text: string, contexts: Contexts): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, code: string) =>
    evaluate(code, contexts, []).coerceString(),
  );
}

/** Whether something with this `if` runs. Without a function of status, `success()` is asked too. */
export function holds(
  condition: string | undefined,
  status: JobStatus,
  contexts: Contexts,
): boolean {
  const code = (condition ?? 'success()').trim().replace(/^\$\{\{(.*)\}\}$/s, '$1');
  if (!/\b(?:success|failure|always|cancelled)\s*\(/.test(code) && status !== 'success')
    return false;
  return isTrue(evaluate(code, contexts, statusFunctions(status)));
}

interface StatusFunction {
  readonly name: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  call(): data.ExpressionData;
}

/** Nobody cancels a trial. */
function statusFunctions(status: JobStatus): StatusFunction[] {
  const says = {
    success: status === 'success',
    failure: status === 'failure',
    always: true,
    cancelled: false,
  };
  return Object.entries(says).map(([name, value]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  }));
}

function evaluate(
  code: string,
  contexts: Contexts,
  functions: readonly StatusFunction[],
): data.ExpressionData {
  const { tokens } = new Lexer(code.trim()).lex();
  const parsed = new Parser(tokens, Object.keys(contexts), [...functions]).parse();
  const all = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
  return new Evaluator(parsed, all, new Map(functions.map((one) => [one.name, one]))).evaluate();
}

/** What GitHub takes for true. */
function isTrue(value: data.ExpressionData): boolean {
  return value.kind !== data.Kind.Null && (!('value' in value) || Boolean(value.value));
}
