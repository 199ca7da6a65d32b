// SPDX-License-Identifier: MIT
/** Builds cells for tests: a spec, and a running cell on a machine that a test scripts. */
import { type CellSpec, STANDARD_CELL } from '../../bundle/cell-record.ts';
import { HostError } from '../../errors.ts';
import { DEFAULT_CRASHKERNEL } from '../../memory/crashkernel.ts';
import { GuestAgent } from '../../guest-link/guest-agent.ts';
import type { MachineEnd } from '../../qemu/machine.ts';
import type { CellHold, CellMachine } from '../cell-machine.ts';
import { GuestConsole } from '../guest-console.ts';
import type { RunningCell } from '../phases.ts';

/** The standard cell with crashkernel, but for what is given. */
export function cellSpec(changes: Partial<CellSpec> = {}): CellSpec {
  return {
    ...STANDARD_CELL,
    kernel: 'debian:6.12',
    crashkernel: DEFAULT_CRASHKERNEL,
    vmcore: 'none',
    truth: 'none',
    ...changes,
  };
}

/** A running cell whose guest the test plays. */
export interface ScriptedCell {
  readonly cell: RunningCell;
  /** What the agent was told, in order. */
  readonly told: readonly string[];
  /** The guest prints on the console. */
  print(text: string): void;
  /** The guest writes on the agent's port. */
  say(text: string): void;
  /** The machine ends. */
  end(cause: string): void;
}

/** `answers` gives, for a command, the TAP document that the agent answers with, or nothing to hang. */
export function scriptedCell(
  spec: CellSpec,
  folder: string,
  answers: (command: string) => string | undefined,
): ScriptedCell {
  let hear = (_bytes: Uint8Array): void => {};
  let end = (_end: MachineEnd): void => {};
  const ended = new Promise<MachineEnd>((resolve) => {
    end = resolve;
  });
  const lastWork: (() => Promise<void>)[] = [];
  const told: string[] = [];
  const agent = new GuestAgent({
    onBytes: (listener) => {
      hear = listener;
    },
    write: (line) => {
      told.push(line.trim());
      const said = answers(line.trim());
      if (said !== undefined) hear(Buffer.from(said));
    },
  });
  const machine = scriptedMachine(ended, lastWork);
  const guestConsole = new GuestConsole();
  const disk = { path: `${folder}/disk`, size: 1 };
  const disks = { input: '', system: disk, capture: disk, vmcore: undefined };
  return {
    cell: {
      spec,
      folder,
      temp: folder,
      disks,
      ram: null,
      machine,
      agent,
      console: guestConsole,
      captureCmdline: 'quiet',
      isCounting: false,
      readsSeed: 7,
    },
    told,
    print: (text) => {
      guestConsole.feed(Buffer.from(text));
    },
    say: (text) => {
      hear(Buffer.from(text));
    },
    end: (cause) => {
      void (async () => {
        for (const work of lastWork) await work();
        end({ cause, exitCode: 0, signal: undefined, stderr: '' });
      })();
    },
  };
}

/** A machine that holds nothing and never gets to where it is to be held. */
function scriptedMachine(
  ended: Promise<MachineEnd>,
  lastWork: (() => Promise<void>)[],
): CellMachine {
  return {
    ended,
    console: { write: () => {} },
    beforeEnd: (work) => {
      lastWork.push(work);
    },
    pause: () => Promise.resolve(),
    openRam: () => Promise.reject(new HostError('Cannot read the machine: it is none')),
    sendBreak: () => Promise.resolve(),
    readPhys: (_start, length) => Promise.resolve(new Uint8Array(length)),
    savePhys: () => Promise.resolve(),
    coreHead: () => Promise.resolve(new Uint8Array()),
    registers: () => Promise.resolve('RIP=0\n'),
    physOf: () => Promise.resolve(undefined),
    holdAt: () => Promise.resolve(unreachedHold(ended)),
  };
}

/** A hold that the machine never gets to. */
function unreachedHold(ended: Promise<MachineEnd>): CellHold {
  return {
    stopped: async () => ({ kind: 'machine-ended', end: await ended }),
    release: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A TAP document of the agent's. */
export function answer(
  result: 'ok' | 'not ok',
  name: string,
  values: Record<string, string> = {},
): string {
  const yaml = Object.entries(values).map(([key, value]) => `  ${key}: "${value}"\n`);
  return `TAP version 14\n${result} 1 - ${name}\n  ---\n${yaml.join('')}  ...\n1..1\n`;
}
