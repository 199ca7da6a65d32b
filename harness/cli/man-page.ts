// SPDX-License-Identifier: MIT
import type { Command, Help } from 'commander';
import { describeOption, helpOf } from './help.ts';

const ENVIRONMENT = [
  ['SUB1M_MIRROR', "the Debian mirror, if not the host's own"],
  [
    'XDG_CACHE_HOME',
    'kernels, builds and packages are kept in its folder sub1m (default: ~/.cache)',
  ],
  ['SUB1M_QUEUE', 'the URL of a queue, with its password, for --queue env'],
  ['SUB1M_STORE', 'the URL of a store, with its password, for --store env'],
  ['SUB1M_CACHE_LIMIT', 'how large that may grow (default: 20GB, or a tenth of a small disk)'],
  ['NO_COLOR', 'no colour, whatever its value'],
] as const;

/** The manual page of a command line, for man(1): it says what the help of each command says. */
export function renderManPage(program: Command): string {
  const help = program.createHelp();
  const commands = help.visibleCommands(program).filter((command) => command.name() !== 'help');
  const lines = [
    String.raw`.\" Made from the command line: npm run docs`,
    `.TH SUB1M 1 "" "sub1m ${program.version() ?? ''}"`,
    '.ad l',
    '.SH NAME',
    roff(`sub1m - ${program.summary()}`),
    '.SH SYNOPSIS',
    String.raw`.B sub1m`,
    roff('<command> [options] [arguments]'),
    '.SH DESCRIPTION',
    ...commands.flatMap((command) => entry(command.name(), help.subcommandDescription(command))),
    ...optionsOf(program, help),
    ...examplesAndNotes(program),
    ...commands.flatMap((command) => section(command, help)),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, says]) => entry(name, says)),
  ];
  return `${lines.join('\n')}\n`;
}

function section(command: Command, help: Help): string[] {
  return [
    `.SH ${roff(`sub1m ${command.name()}`.toUpperCase())}`,
    '.nf',
    roff(help.commandUsage(command)),
    '.fi',
    '.PP',
    sentence(command.summary()),
    ...help
      .visibleArguments(command)
      .flatMap((argument) => entry(argument.name(), describeOption(argument))),
    ...optionsOf(command, help),
    ...examplesAndNotes(command),
  ];
}

function optionsOf(command: Command, help: Help): string[] {
  const { options } = helpOf(command) ?? {};
  const visible = help.visibleOptions(command);
  const groups = [...new Set(visible.map(({ helpGroupHeading }) => helpGroupHeading))];
  return [
    ...groups.flatMap((group) => [
      `.SS ${roff((group ?? 'Options:').replace(/:$/, ''))}`,
      ...visible
        .filter(({ helpGroupHeading }) => helpGroupHeading === group)
        .flatMap((option) => entry(option.flags, describeOption(option))),
    ]),
    ...(options === undefined ? [] : ['.PP', roff(options)]),
  ];
}

function examplesAndNotes(command: Command): string[] {
  const { examples = [], notes = [] } = helpOf(command) ?? {};
  return [
    ...(examples.length > 0 ? ['.SS Examples'] : []),
    ...examples.flatMap(([does, line]) => ['.TP', roff(`${does}:`), `.B ${roff(line)}`]),
    ...(notes.length > 0 ? ['.SS Notes'] : []),
    ...notes.flatMap((note) => ['.PP', ...note.split('\n').flatMap(noteLine)]),
  ];
}

/** A line that begins with blanks stays one. */
function noteLine(line: string): string[] {
  return line.startsWith('  ') ? ['.EX', roff(line), '.EE'] : [roff(line)];
}

function entry(term: string, says: string): string[] {
  return ['.TP', `.B ${roff(term)}`, roff(says)];
}

function sentence(text: string): string {
  return roff(`${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`);
}

/** Characters that groff shows otherwise than they are written (groff_char(7)). */
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': String.raw`\[rs]`,
  '-': String.raw`\-`,
  "'": String.raw`\[aq]`,
  '`': String.raw`\[ga]`,
  '^': String.raw`\[ha]`,
  '~': String.raw`\[ti]`,
  '"': String.raw`\[dq]`,
};

/** A line of text, which no macro takes for one of its own or for several arguments. */
function roff(text: string): string {
  const escaped = text.replaceAll(/[\\'`^~"-]|[^\p{ASCII}]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return ESCAPES[character] ?? String.raw`\[u${code}]`;
  });
  return escaped.startsWith('.') ? String.raw`\&${escaped}` : escaped;
}
