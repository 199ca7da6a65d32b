// SPDX-License-Identifier: MIT
import type { Argument, Command, Option } from 'commander';
import { ARGUMENTS_OF, type ValueKind, valueKindOf } from './option-values.ts';

/** A list that can change after the script was printed: `sub1m __complete <list>` gives it. */
export type CompletionList = 'kernels' | 'layouts' | 'matrices' | 'recipes';

/** What the value of an option or argument may be; any text if all are empty. */
export interface CompletedValue {
  readonly words: readonly string[];
  readonly list: CompletionList | null;
  /** Whether it may be a path; `after-colon` for `<word>:<file>`. */
  readonly path: 'files' | 'folders' | 'after-colon' | null;
}

/** An option of a command. */
export interface CompletedOption {
  /** `--layout`, and `-V` if it has a short form. */
  readonly flags: readonly string[];
  readonly about: string;
  /** null if it takes no value. */
  readonly value: CompletedValue | null;
}

/** A command with its options; without arguments `argument` is any text. */
export interface CompletedCommand {
  readonly name: string;
  readonly about: string;
  readonly options: readonly CompletedOption[];
  readonly argument: CompletedValue;
}

/** All that a completion script knows. */
export interface Completion {
  /** The path of the program that prints the lists. */
  readonly program: string;
  readonly options: readonly CompletedOption[];
  readonly commands: readonly CompletedCommand[];
}

/** The values of kinds that change only with sub1m itself. */
export type FixedWords = Readonly<
  Record<'invariants' | 'policies' | 'reporters', readonly string[]>
>;

const ANY_TEXT: CompletedValue = { words: [], list: null, path: null };

/** The paths that are allowed beside the ids of a list. */
const PATHS: Readonly<Record<ValueKind, CompletedValue['path']>> = {
  files: 'files',
  folders: 'folders',
  invariants: null,
  kernels: 'files',
  layouts: 'files',
  matrices: 'files',
  policies: null,
  recipes: 'files',
  reporters: 'after-colon',
};

const LISTS: readonly ValueKind[] = ['kernels', 'layouts', 'matrices', 'recipes'];

/** Layouts that are not maps; only commands with `--ovmf` boot a firmware and take them. */
const BOOTED_LAYOUTS = ['stock', 'corpus'];

/** What a completion script knows of a command line. */
export function completionOf(program: Command, fixed: FixedWords, path: string): Completion {
  const help = program.createHelp();
  const commands = help.visibleCommands(program);
  const names = commands.map((command) => command.name());
  const optionsOf = (command: Command): CompletedOption[] =>
    help.visibleOptions(command).map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      about: option.description,
      value: valueOfOption(option, command, fixed),
    }));
  return {
    program: path,
    options: optionsOf(program),
    commands: commands.map((command) => ({
      name: command.name(),
      about: help.subcommandDescription(command),
      options: optionsOf(command),
      argument:
        command.name() === 'help'
          ? { ...ANY_TEXT, words: names }
          : valueOf(command.registeredArguments[0], ARGUMENTS_OF[command.name()], fixed),
    })),
  };
}

function valueOfOption(option: Option, command: Command, fixed: FixedWords): CompletedValue | null {
  if (!option.required && !option.optional) return null;
  const kind = valueKindOf(option);
  const value = valueOf(option, kind, fixed);
  const boots = command.options.some(({ long }) => long === '--ovmf');
  return kind === 'layouts' && boots ? { ...value, words: BOOTED_LAYOUTS } : value;
}

function valueOf(
  given: Option | Argument | undefined,
  kind: ValueKind | undefined,
  fixed: FixedWords,
): CompletedValue {
  if (given?.argChoices) return { ...ANY_TEXT, words: given.argChoices };
  if (kind === undefined) return ANY_TEXT;
  return {
    words: kind in fixed ? fixed[kind as keyof FixedWords] : [],
    list: LISTS.includes(kind) ? (kind as CompletionList) : null,
    path: PATHS[kind],
  };
}
