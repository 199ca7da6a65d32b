// SPDX-License-Identifier: MIT

/** What a step wrote to GITHUB_OUTPUT or GITHUB_ENV: `name=value`, or `name<<end`, lines, `end`. Throws on any other line. */
export function parseStepFile(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split('\n');
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (line === '') continue;
    const [, name = '', sign, rest = ''] = /^([\w-]+)(=|<<)(.*)$/.exec(line) ?? [];
    if (sign === undefined) throw new Error(`expected name=value or name<<end, found ${line}`);
    values[name] = sign === '=' ? rest : linesUntil(rest, lines);
  }
  return values;
}

function linesUntil(end: string, lines: string[]): string {
  const at = lines.indexOf(end);
  if (at < 0) throw new Error(`expected ${end} at the end of a value, found none`);
  return lines
    .splice(0, at + 1)
    .slice(0, -1)
    .join('\n');
}
