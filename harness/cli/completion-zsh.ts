// SPDX-License-Identifier: MIT
import { quoteShell } from '../process/quote-shell.ts';
import type {
  CompletedCommand,
  CompletedOption,
  CompletedValue,
  Completion,
} from './completion.ts';

/** The completion script for zsh, to be sourced after `compinit`, or as the file `_sub1m` of a folder in `fpath`. */
export function renderZshCompletion({ program, options, commands }: Completion): string {
  return `#compdef sub1m
# zsh completion for sub1m, made by "sub1m completion zsh".

_sub1m() {
  local curcontext=$curcontext state line ret=1
  _arguments -C ${specsOf(options)} '1: :->command' '*:: :->argument' && ret=0
  case $state in
    command)
      local -a commands=(${commands.map(describe).join(' ')})
      _describe command commands && ret=0
      ;;
    argument)
      case $line[1] in
${commands.map(caseOf).join('\n')}
      esac
      ;;
  esac
  return ret
}

# Offers a list that sub1m prints, files or folders, and words.
_sub1m_value() {
  local list=$1 place=$2 ret=1
  local -a offered=("\${@[3,-1]}")
  if [[ $place == after-colon ]] && compset -P '*:'; then
    _files
    return
  fi
  if [[ -n $list ]]; then
    offered+=("\${(@f)$(${quoteShell(program)} __complete $list 2>/dev/null)}")
  fi
  case $place in
    files) _files && ret=0 ;;
    folders) _files -/ && ret=0 ;;
  esac
  compset -P '*,'
  compadd -- $offered && ret=0
  return ret
}

if [[ $funcstack[1] == _sub1m ]]; then _sub1m "$@"; else compdef _sub1m sub1m; fi
`;
}

function describe({ name, about }: CompletedCommand): string {
  return quoteShell(`${name}:${about}`);
}

function caseOf({ name, options, argument }: CompletedCommand): string {
  const specs = [specsOf(options), quoteShell(`*: :${actionOf(argument)}`)].join(' ');
  return `        ${name}) _arguments ${specs} && ret=0 ;;`;
}

/** What `_arguments` takes for each flag: each may come again. */
function specsOf(options: readonly CompletedOption[]): string {
  const specs = options.flatMap(({ flags, about, value }) =>
    flags.map((flag) => {
      const says = `[${about.replaceAll(/[\\[\]:]/g, String.raw`\$&`)}]`;
      const isLong = flag.startsWith('--');
      return value ? `*${flag}${isLong ? '=' : ''}${says}: :${actionOf(value)}` : `*${flag}${says}`;
    }),
  );
  return specs.map(quoteShell).join(' ');
}

/** The blank at its front keeps `_arguments` from adding options of its own. */
function actionOf({ words, list, path }: CompletedValue): string {
  if (words.length === 0 && list === null && path === null) return '';
  return ` _sub1m_value ${[list ?? '', path ?? '', ...words].map(quoteShell).join(' ')}`;
}
