// SPDX-License-Identifier: MIT
/** What GitHub's runner takes from the log of a step, by its rules (actions/runner, ActionCommand.cs), for tests. */

/** A command that the runner would follow. */
interface RunnerCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** Some of the commands that it knows. */
const KNOWN = ['error', 'warning', 'notice', 'debug', 'add-mask', 'stop-commands', 'group'];

/** The commands in a log. Each stands at the start of a line, or anywhere in it behind `##[`. */
export function runnerCommands(log: string): RunnerCommand[] {
  return log.split(/[\r\n]/).flatMap((line) => parseSecond(line.trimStart()) ?? parseFirst(line));
}

function parseSecond(line: string): RunnerCommand[] | undefined {
  const end = line.indexOf('::', 2);
  if (!line.startsWith('::') || end < 0) return undefined;
  const [name = '', ...rest] = line.slice(2, end).split(' ');
  if (!KNOWN.includes(name)) return undefined;
  const pairs = rest.join(' ').split(',');
  return [
    {
      name,
      properties: Object.fromEntries(pairs.map((pair) => pairOf(pair))),
      data: unescape(line.slice(end + 2), ['%0D', '%0A', '%25']),
    },
  ];
}

function pairOf(pair: string): [string, string] {
  const [key = '', ...value] = pair.split('=');
  return [key, unescape(value.join('='), ['%0D', '%0A', '%3A', '%2C', '%25'])];
}

function parseFirst(line: string): RunnerCommand[] {
  const [, name = '', data = ''] = /##\[([\w-]*)[^\]]*\](.*)/.exec(line) ?? [];
  return KNOWN.includes(name) ? [{ name, properties: {}, data }] : [];
}

function unescape(text: string, escapes: readonly string[]): string {
  return escapes.reduce((done, one) => done.replaceAll(one, decodeURIComponent(one)), text);
}
