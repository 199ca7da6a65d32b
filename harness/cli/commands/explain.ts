// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { explainLog } from '../../check/log/explain-log.ts';
import { UsageError, messageOf } from '../../errors.ts';
import type { Layout } from '../../layout/layout.ts';
import { readLayout } from '../../layout/read-layout.ts';
import { renderLayout } from '../../layout/save-layout.ts';
import { POLICY_IDS, type PolicyId } from '../../policy-id.ts';
import { renderExplainDocument } from '../../report/explain-document.ts';
import { renderExplanation } from '../../report/explain-report.ts';
import { writeStdout } from '../../report/screen.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';
import { type MachineOptions, addMachineOptions, toldBy } from '../machine-options.ts';

const HELP = {
  summary: "who has the first 1 MiB of a log's machine, and whether the log agrees with the model",
  examples: [
    ['this machine', 'sub1m explain'],
    ['a log', 'sub1m explain my-laptop.dmesg'],
    ['with an input that no log tells', 'sub1m explain my-laptop.dmesg --base-memory 564'],
  ],
  notes: [
    'Without a file it reads /proc, /sys and the log of the running kernel. It changes nothing and sends nothing.',
    'Exit status: 0 the log agrees or shows nothing of the outcome, 1 it differs, 64 usage, 65 unreadable, ' +
      '130 interrupted (SIGTERM 143, SIGHUP 129).',
  ],
} as const;

interface ExplainOptions extends MachineOptions {
  readonly policy?: PolicyId;
  readonly saveLayout?: string;
  readonly json?: true;
}

/** `sub1m explain [log]`: the model compared with what a kernel's log shows of the outcome. */
export function addExplain(program: Command, context: CommandContext): void {
  const command = describeCommand(program.command('explain'), HELP)
    .argument('[log]', "a kernel log (packed or not, - for standard input), or a cell's folder")
    .addOption(
      new Option('--policy <id>', 'the policy of its kernel')
        .choices(POLICY_IDS)
        .default(undefined, 'by its release'),
    );
  addMachineOptions(command)
    .option(
      '--save-layout <file>',
      'write its layout to a new file, without names or serial numbers',
    )
    .option('--json', 'print a JSON document')
    .action(async (named: string | undefined, options: ExplainOptions) => {
      const { layout, told, unseen, captureLoaded } = await machineToExplain(
        named,
        options,
        context,
      );
      const policy = options.policy ? { id: options.policy, how: 'it was asked for' } : null;
      const found = explainLog(layout, told, { policy, captureLoaded });
      if (options.saveLayout !== undefined) {
        const { biosWords } = found.machine.inputs;
        await save(options.saveLayout, { ...layout, maps: { ...layout.maps, biosWords } });
        context.log.info(`Wrote ${options.saveLayout}`);
      }
      const { colour, columns: width } = context.environment;
      await writeStdout(
        options.json
          ? renderExplainDocument(found, unseen)
          : renderExplanation(found, unseen, { colour, width }),
      );
      if (found.verdict === 'differs') context.exit('broken');
    });
}

interface ToExplain {
  readonly layout: Layout;
  readonly told: ReturnType<typeof toldBy>;
  readonly unseen: readonly string[];
  readonly captureLoaded: boolean | null;
}

async function machineToExplain(
  named: string | undefined,
  options: ExplainOptions,
  { signal }: CommandContext,
): Promise<ToExplain> {
  if (named !== undefined) {
    const { boot } = options;
    const layout = await readLayout(named, { signal, ...(boot === undefined ? {} : { boot }) });
    return { layout, told: toldBy(options, []), unseen: [], captureLoaded: null };
  }
  const { readThisMachine } = await import('../../runner/this-machine.ts');
  const { reserved, ...machine } = await readThisMachine({ signal });
  const told = toldBy(options, []);
  return { ...machine, told: { ...told, reserved: [...told.reserved, ...reserved] } };
}

async function save(path: string, layout: Layout): Promise<void> {
  try {
    await writeFile(path, renderLayout(layout), { flag: 'wx' });
  } catch (error) {
    throw new UsageError(`Cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}
