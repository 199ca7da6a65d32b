// SPDX-License-Identifier: MIT
import { type Argument, type Command, Help, type HelpConfiguration, type Option } from 'commander';

/** The help of a command, apart from its arguments and options. */
export interface CommandHelp {
  /** What the command does: one line, also in the list of commands. */
  readonly summary: string;
  /** Command lines that work as they are, each with what it does. */
  readonly examples: readonly (readonly [does: string, command: string])[];
  /** A paragraph on all options, such as which may be repeated. */
  readonly options?: string;
  /** Paragraphs behind the options, such as exit statuses; lines that begin with blanks are not wrapped. */
  readonly notes?: readonly string[];
}

/** The headings that options stand under. */
export const GROUPS = {
  machine: 'Machine:',
  judging: 'Judging:',
  running: 'Running:',
  reporting: 'Reporting:',
} as const;

const helps = new WeakMap<Command, CommandHelp>();

/** Gives a command its help: examples come before the options, notes after them. */
export function describeCommand(command: Command, help: CommandHelp): Command {
  const { summary, examples, options, notes } = help;
  helps.set(command, help);
  const lines = examples.map(([does, line]) => `  # ${does}\n  ${line}`);
  const parts = [
    `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`,
    `Example${lines.length > 1 ? 's' : ''}:\n${lines.join('\n')}`,
    ...(options === undefined ? [] : [options]),
  ];
  if (notes !== undefined) {
    const width = (): number => command.configureOutput().getOutHelpWidth?.() ?? 80;
    command.addHelpText('after', () => `\n${wrapHelp(notes.join('\n\n'), width())}`);
  }
  return command.summary(summary).description(parts.join('\n\n'));
}

/** What `describeCommand` was given for a command; undefined if it was not called. */
export function helpOf(command: Command): CommandHelp | undefined {
  return helps.get(command);
}

/** How help looks. */
export const HELP_STYLE: HelpConfiguration = {
  optionDescription: describeOption,
  argumentDescription: describeOption,
  boxWrap: wrapHelp,
};

/** What an option or argument is, its values unless the description names them, and its default. */
export function describeOption(option: Option | Argument): string {
  const { description, argChoices = [] } = option;
  const isNamed = argChoices.every((value) => description.includes(value));
  const values = isNamed ? '' : `: ${argChoices.join(', ')}`;
  const standard = 'mandatory' in option && option.mandatory ? 'required' : defaultOf(option);
  return `${description}${values}${standard && ` (${standard})`}`;
}

/** The default in words, also where the option has none and others decide; empty if there is none. */
function defaultOf({ defaultValueDescription, defaultValue }: Option | Argument): string {
  const isShown = typeof defaultValue === 'string' || typeof defaultValue === 'number';
  const words = defaultValueDescription ?? (isShown ? String(defaultValue) : '');
  return words && `default: ${words}`;
}

/** Wraps text; a line that begins with blanks stays whole, so that it can be copied. */
function wrapHelp(text: string, width: number): string {
  const help = new Help();
  const wrap = (line: string): string => (line.startsWith('  ') ? line : help.boxWrap(line, width));
  return text.split('\n').map(wrap).join('\n');
}
