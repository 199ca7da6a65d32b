// SPDX-License-Identifier: MIT
/** The table of attacks: of each what was expected, what was seen, and whether that is right. */
import { appendFileSync, existsSync } from 'node:fs';

/** One experiment. */
interface Row {
  readonly what: string;
  readonly expected: readonly string[];
  readonly seen: readonly string[];
  /** Whether it is right; unless given, if both are the same. */
  readonly isRight?: boolean;
}

const HEAD = '| experiment | expected | seen | |\n|---|---|---|---|\n';

const table: string[] = [];

/** Adds a row. `SUB1M_ATTACK_TABLE` names a file that gets it, too, after those of other runs. */
export function addRow({ what, expected, seen, isRight }: Row): void {
  const [wanted, found] = [expected.join('; '), seen.join('; ')];
  const cells = [what, wanted, found, (isRight ?? wanted === found) ? 'right' : 'WRONG'];
  const line = `| ${cells.map((text) => text.replaceAll(/[\s|]+/g, ' ')).join(' | ')} |\n`;
  table.push(line);
  const path = process.env['SUB1M_ATTACK_TABLE'];
  if (path !== undefined) appendFileSync(path, existsSync(path) ? line : HEAD + line);
}

/** Shows the table of a file of tests. */
export function showTable(): void {
  const wrong = table.filter((line) => line.endsWith('| WRONG |\n')).length;
  process.stderr.write(`${HEAD}${table.join('')}${table.length} experiments, ${wrong} wrong\n`);
}
