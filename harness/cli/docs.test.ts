// SPDX-License-Identifier: MIT
/** Holds README, CONTRIBUTING, DESIGN and docs/ to the program: commands, options, ids and links. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { INVARIANTS } from '../check/invariants/invariants.ts';
import { silentLog } from '../log.ts';
import { POLICY_IDS } from '../policy-id.ts';
import { projectPath } from '../project-root.ts';
import { REPORT_KINDS } from '../report/reporters.ts';
import { readEnvironment } from './environment.ts';
import { buildProgram } from './program.ts';

const ROOT = projectPath('.');
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const { signal } = new AbortController();
const context = { environment: readEnvironment({}), signal, log: silentLog, exit: () => {} };
const { commands: COMMANDS } = await buildProgram(context);

/** What the values of these options are, where they are no path. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  '--invariant': Object.keys(INVARIANTS),
  '--policy': [...POLICY_IDS, 'auto'],
  '--layout': readdirSync(join(ROOT, 'images/layouts'))
    .map((name) => name.replace(/\.json$/, ''))
    .concat('stock', 'corpus'),
};

/** The commands of a document's code that start sub1m, each on one line and without its comment. */
function commandsIn(document: string): string[] {
  const blocks = [...document.matchAll(/^```\n(.*?)^```$/gms)].map(([, code = '']) =>
    code.replaceAll(/\\\n\s*/g, ''),
  );
  const inline = [...document.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g)];
  return [...blocks.flatMap((code) => code.split('\n')), ...inline.map(([, code = '']) => code)]
    .map((line) => line.replace(/\s+#\s.*/, '').trim())
    .filter((line) => /\bsub1m [a-z]/.test(line));
}

/** What is wrong with a command line: a command, an option or an id that sub1m does not know. */
function faultsOf(line: string): string[] {
  const [, name = '', rest = ''] = /\bsub1m ([a-z][a-z0-9]*)\b(.*)/.exec(line) ?? [];
  const command = COMMANDS.find((known) => known.name() === name);
  if (!command) return [`no command ${name}`];
  const [ours = ''] = rest.split(/ -- |[|>)]/);
  return [...ours.matchAll(/(--[a-z][a-z0-9-]*)(?: ([^-\s]\S*))?/g)].flatMap(
    ([, long = '', value]) => {
      const option = command.options.find((known) => known.long === long);
      if (!option) return long === '--help' ? [] : [`no option ${long} of ${name}`];
      const known = option.argChoices ?? IDS[long];
      const values = option.required && known && value ? value.split(',') : [];
      return values
        .filter((one) => !known?.includes(one) && !/[./<…]/.test(one))
        .map((one) => `no value ${one} of ${long}`);
    },
  );
}

/** The links of a document that lead nowhere in this checkout. */
function deadLinks(document: string, folder: string): string[] {
  const links = [...document.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)];
  return links
    .map(([, link, image]) => link ?? image ?? '')
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? undefined : join(folder, path);
      if (target !== undefined && !existsSync(target)) return true;
      const text = target?.endsWith('.md') ? readFileSync(target, 'utf8') : document;
      return anchor !== undefined && !anchorsIn(text).includes(anchor);
    });
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsIn(document: string): string[] {
  return [...document.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}

const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

describe.each(DOCUMENTS)('%s', (name) => {
  it('names only commands, options and ids that sub1m has', () => {
    const faults = commandsIn(read(name)).flatMap((line) =>
      faultsOf(line).map((fault) => `${line}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });

  it('has no link that leads nowhere', () => {
    expect(deadLinks(read(name), join(ROOT, dirname(name)))).toEqual([]);
  });

  it('has no line that a terminal of 120 columns wraps, but in tables', () => {
    const lines = read(name).split('\n');
    expect(lines.filter((line) => line.length > 120 && !line.startsWith('|'))).toEqual([]);
  });
});

describe('the commands of README.md that need no machine', () => {
  const lines = commandsIn(read('README.md')).filter((line) =>
    /sub1m (?:model|completion)\b|sub1m .*--(?:help|version)$/.test(line),
  );

  it('are still there', () => {
    expect(lines.length).toBeGreaterThanOrEqual(4);
  });

  it.each(lines)('%s', async (line) => {
    const { stderr } = await promisify(execFile)('bash', ['-ec', line], { cwd: ROOT });
    expect(stderr).toBe('');
  });
});

it('finds commands in code, and what is wrong with them', () => {
  const document =
    'Text: sub1m gone.\n```\n./sub1m check a \\\n    --no-such  # why\n```\n`sub1m frobnicate`\n';
  const lines = commandsIn(document);
  expect(lines).toEqual(['./sub1m check a --no-such', 'sub1m frobnicate']);
  expect(lines.flatMap(faultsOf)).toEqual([
    'no option --no-such of check',
    'no command frobnicate',
  ]);
  expect(faultsOf('sub1m check --standard slow --layout x1c8,my.json -- --what')).toEqual([
    'no value slow of --standard',
    'no value x1c8 of --layout',
  ]);
});

it('finds links that lead nowhere', () => {
  const document =
    '# One two\n[a](README.md) [b](no.md) [c](#one-two) [d](#three) <img src="no.svg">';
  expect(deadLinks(document, ROOT)).toEqual(['no.md', '#three', 'no.svg']);
});

it('finds every invariant, reporter and policy in the tables of the manual', () => {
  const reports = read('docs/reports.md');
  const rows = [...Object.keys(INVARIANTS), ...REPORT_KINDS].filter(
    (id) => !reports.includes(`\n| \`${id}\` |`),
  );
  const model = read('docs/model.md');
  const policies = POLICY_IDS.filter((id) => !model.includes(`\n| \`${id}\` |`));
  expect([...rows, ...policies]).toEqual([]);
});
