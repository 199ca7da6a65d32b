// SPDX-License-Identifier: MIT
import { Argument, type Command } from 'commander';
import { projectPath } from '../../project-root.ts';
import type { CommandContext } from '../command-context.ts';
import { type Completion, completionOf } from '../completion.ts';
import { type CommandHelp, describeCommand } from '../help.ts';
import { writeStdout } from '../../report/screen.ts';

const RENDERERS: Readonly<Record<string, () => Promise<(completion: Completion) => string>>> = {
  bash: async () => (await import('../completion-bash.ts')).renderBashCompletion,
  zsh: async () => (await import('../completion-zsh.ts')).renderZshCompletion,
  fish: async () => (await import('../completion-fish.ts')).renderFishCompletion,
};

const HELP: CommandHelp = {
  summary: 'print a completion script for your shell',
  examples: [
    ['in the current bash', 'source <(sub1m completion bash)'],
    [
      'in every new bash',
      'sub1m completion bash >~/.local/share/bash-completion/completions/sub1m',
    ],
    ['in every new zsh: in ~/.zshrc, after compinit', 'source <(sub1m completion zsh)'],
    ['in every new fish', 'sub1m completion fish >~/.config/fish/completions/sub1m.fish'],
  ],
  notes: [
    'The script runs this sub1m to list layouts, matrices, recipes and kernels: those in the cache, and the series ' +
      'of the cached package lists. Nothing is downloaded.',
  ],
};

/** `sub1m completion <shell>`: what completes command lines of all commands of `program`. */
export function addCompletion(program: Command): void {
  describeCommand(program.command('completion'), HELP)
    .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(RENDERERS)))
    .action(async (shell: string) => {
      const { INVARIANT_IDS } = await import('../../check/invariants/invariants.ts');
      const { REPORT_KINDS } = await import('../../report/reporters.ts');
      const { POLICY_IDS } = await import('../../policy-id.ts');
      const fixed = { invariants: INVARIANT_IDS, policies: POLICY_IDS, reporters: REPORT_KINDS };
      const render = await RENDERERS[shell]?.();
      const completion = completionOf(program, fixed, projectPath('sub1m'));
      process.stdout.write(render?.(completion) ?? '');
    });
}

/** `sub1m __complete <list>`: what completion scripts ask for. */
export function addCompletionLists(program: Command, { environment }: CommandContext): void {
  program
    .command('__complete', { hidden: true })
    .argument('<list>')
    .action(async (name: string) => {
      const { completionList } = await import('../completion-lists.ts');
      const found = await completionList(name, environment);
      await writeStdout(found.map((word) => `${word}\n`).join(''));
    });
}
