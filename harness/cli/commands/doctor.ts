// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { type HostFinding, examineHost } from '../../runner/examine-host.ts';
import { DOCUMENT_VERSIONS } from '../../report/schema/document.ts';
import type { DoctorDocument } from '../../report/schema/host-schema.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';
import { writeStdout } from '../../report/screen.ts';
import { asciiJson } from '../../memory/ascii-json.ts';

const HELP = {
  summary: 'report what this host has and lacks, and whether KVM works',
  examples: [['for programs', 'sub1m doctor --json']],
  notes: ['To try KVM, OVMF is booted once.', 'Exit status: 0 cells can run here, 69 they cannot.'],
} as const;

/** `sub1m doctor`: what this host has and lacks, and whether KVM works. */
export function addDoctor(program: Command, context: CommandContext): void {
  describeCommand(program.command('doctor'), HELP)
    .option('--json', 'print a JSON document')
    .action(async (options: { json?: true }) => {
      const findings = await examineHost(context);
      const ready = findings.every(({ ok, needed }) => ok || !needed);
      const document: DoctorDocument = { schema: DOCUMENT_VERSIONS.doctor, ready, findings };
      await writeStdout(
        options.json ? `${asciiJson(document, 2)}\n` : renderFindings(findings, ready),
      );
      context.exit(ready ? 'done' : 'host');
    });
}

function renderFindings(findings: readonly HostFinding[], ready: boolean): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const rows = findings.map(({ subject, ok, needed, says, remedy }) => {
    const mark = ok ? 'ok ' : needed ? 'NO ' : '-- ';
    const hint = ok || remedy === null ? '' : `\n    ${' '.repeat(width)}  ${remedy}`;
    return `${mark} ${subject.padEnd(width)}  ${says}${hint}\n`;
  });
  return `${rows.join('')}\n${ready ? 'Ready: cells can run here.' : 'Not ready: see the lines marked NO.'}\n`;
}
