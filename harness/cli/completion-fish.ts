// SPDX-License-Identifier: MIT
import type { CompletedOption, CompletedValue, Completion } from './completion.ts';

/** The completion script for fish 3 or newer. */
export function renderFishCompletion({ program, options, commands }: Completion): string {
  const lines = commands.flatMap(({ name, about, options: own, argument }) => {
    const given = `-n ${quoteFish(`__fish_seen_subcommand_from ${name}`)}`;
    const values = valueOf(argument);
    return [
      `complete -c sub1m -n __fish_use_subcommand -a ${name} -d ${quoteFish(about)}`,
      ...own.map((option) => `complete -c sub1m ${given} ${optionOf(option)}`),
      ...(values === '' ? [] : [`complete -c sub1m ${given} ${values}`]),
    ];
  });
  return `# fish completion for sub1m, made by "sub1m completion fish".

function __sub1m_list
    ${quoteFish(program)} __complete $argv 2>/dev/null
end

complete -c sub1m -f
${options.map((option) => `complete -c sub1m -n __fish_use_subcommand ${optionOf(option)}`).join('\n')}
${lines.join('\n')}
`;
}

function optionOf({ flags, about, value }: CompletedOption): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  return [...names, ...(value ? ['-r', valueOf(value)] : []), '-d', quoteFish(about)]
    .filter((part) => part !== '')
    .join(' ');
}

function valueOf({ words, list, path }: CompletedValue): string {
  const offered = [
    ...words,
    ...(list === null ? [] : [`(__sub1m_list ${list})`]),
    ...(path === 'folders' ? ['(__fish_complete_directories)'] : []),
  ].join(' ');
  const parts = offered === '' ? [] : ['-a', quoteFish(offered)];
  return [...parts, ...(path === 'files' || path === 'after-colon' ? ['-F'] : [])].join(' ');
}

function quoteFish(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
