// SPDX-License-Identifier: MIT
import { quoteShell } from '../process/quote-shell.ts';
import type {
  CompletedCommand,
  CompletedOption,
  CompletedValue,
  Completion,
} from './completion.ts';

/**
 * The completion script for bash 4.3 or newer. Words are never given to `compgen -W`, which would run what is quoted in
 * them, and paths are left to readline, which knows how to quote them.
 */
export function renderBashCompletion(completion: Completion): string {
  const parts = [MAIN, OFFER, valueFunction(completion), optionsFunction(completion)];
  return `# bash completion for sub1m, made by "sub1m completion bash".

${parts.join('\n\n')}

complete -F _sub1m sub1m
`;
}

/** Finds out what the current word is. */
const MAIN = `_sub1m() {
  local cur='' prev='' command='' ended='' line=\${COMP_LINE:0:COMP_POINT} rest i
  local -a words=()
  # bash splits words at : and =, which ours contain.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    rest=\${line#"\${line%%[![:space:]]*}"}
    if ((i == COMP_CWORD)); then cur=$rest; else cur=\${COMP_WORDS[i]}; fi
    if ((i > 0)) && [[ $rest == "$line" ]]; then
      words[-1]+=$cur
    else
      words+=("$cur")
    fi
    line=\${rest#"$cur"}
  done
  cur=\${words[-1]}
  prev=\${words[-2]-}
  for ((i = 1; i < \${#words[@]} - 1; i++)); do
    case \${words[i]} in
      --) ended=yes ;;
      -*) ;;
      *) command=\${command:-\${words[i]}} ;;
    esac
  done

  COMPREPLY=()
  if [[ -z $ended && $cur == --*=* ]]; then
    _sub1m_value "$command \${cur%%=*}" "\${cur#*=}"
  elif [[ -z $ended ]] && _sub1m_value "$command $prev" "$cur"; then
    :
  elif [[ -z $ended && $cur == -* ]]; then
    _sub1m_options
  else
    _sub1m_value "$command" "$cur"
  fi

  # Of a word with : or = in it readline replaces what is behind the last of them.
  local breaks='' kept=$cur
  for i in : =; do
    if [[ $COMP_WORDBREAKS == *"$i"* ]]; then breaks+=$i; fi
  done
  if [[ -n $breaks ]]; then kept=\${cur##*["$breaks"]}; fi
  COMPREPLY=("\${COMPREPLY[@]#"\${cur%"$kept"}"}")
}`;

const OFFER = `# Offers words for the end of the current word; $1 is what they replace.
_sub1m_offer() {
  local lead=\${cur%"$1"} word
  shift
  for word; do
    if [[ $lead$word == "$cur"* ]]; then COMPREPLY+=("$lead$word"); fi
  done
}`;

function valueFunction(completion: Completion): string {
  return `# Offers values of an option ("check --layout") or the arguments of a command ("check"); fails if it takes none.
# $2 is what is typed of the value.
_sub1m_value() {
  local list='' path=''
  local -a offered=()
  case $1 in
${valueCases(completion).join('\n')}
    *) return 1 ;;
  esac
  if [[ $path == after-colon ]]; then
    if [[ $2 == *:* ]]; then path=files offered=(); fi
  fi
  if [[ -n $list ]]; then
    mapfile -t -O "\${#offered[@]}" offered < <(${quoteShell(completion.program)} __complete "$list" 2>/dev/null)
  fi
  _sub1m_offer "\${2##*,}" "\${offered[@]}"
  if ((\${#COMPREPLY[@]} == 0)); then
    case $path in
      files) compopt -o default ;;
      folders) compopt -o dirnames ;;
    esac
  fi
}`;
}

function optionsFunction({ options, commands }: Completion): string {
  const cases = commands.map(
    ({ name, options: own }) => `    ${name}) _sub1m_offer "$cur" ${flagsOf(own)} ;;`,
  );
  return `_sub1m_options() {
  case $command in
    '') _sub1m_offer "$cur" ${flagsOf(options)} ;;
${cases.join('\n')}
  esac
}`;
}

/** One case for all options and commands that have the same values. */
function valueCases({ commands }: Completion): string[] {
  const values = commands.flatMap(({ name, options, argument }) => [
    [name, argument] as const,
    ...options.flatMap(({ flags, value }) =>
      value ? flags.map((flag) => [`${name} ${flag}`, value] as const) : [],
    ),
  ]);
  const cases = new Map<string, string[]>();
  for (const [pattern, value] of [['', namesOf(commands)] as const, ...values]) {
    const does = assignments(value);
    cases.set(does, [...(cases.get(does) ?? []), quoteShell(pattern)]);
  }
  return [...cases].map(([does, patterns]) => `    ${patterns.join(' | ')})${does} ;;`);
}

function namesOf(commands: readonly CompletedCommand[]): CompletedValue {
  return { words: commands.map(({ name }) => name), list: null, path: null };
}

function assignments({ words: offered, list, path }: CompletedValue): string {
  const parts = [
    offered.length > 0 ? `offered=(${words(offered)})` : '',
    list === null ? '' : `list=${list}`,
    path === null ? '' : `path=${path}`,
  ];
  return parts
    .filter((part) => part !== '')
    .map((part) => ` ${part}`)
    .join('');
}

function flagsOf(options: readonly CompletedOption[]): string {
  return words(options.flatMap(({ flags }) => flags).filter((flag) => flag.startsWith('--')));
}

function words(texts: readonly string[]): string {
  return texts.map(quoteShell).join(' ');
}
