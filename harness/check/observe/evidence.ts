// SPDX-License-Identifier: MIT
import type { Bundle } from '../../bundle/bundle.ts';
import type { CellRecord } from '../../bundle/cell-record.ts';
import { type DeadKernel, parseDeadKernel } from '../../bundle/dead-kernel.ts';
import { type JudgedFile, evidenceRow } from '../../bundle/evidence.ts';
import { type PersonalityLog, parsePersonalityLog } from '../../layout/personality-log.ts';
import {
  type EfiDescriptor,
  type EfiMapLocation,
  readEfiMapLocation,
  readEfiMemoryMap,
} from '../../memory/efi-memory-map.ts';
import { type IomemEntry, parseIomem } from '../../memory/iomem.ts';
import { type KernelSymbols, parseKallsyms } from '../../memory/kallsyms.ts';
import { FIRST_LINE, isWholeLog } from '../../memory/kernel-log.ts';
import { findDamage } from '../../memory/kernel-trouble.ts';
import { type Seen, type Unseen, seeing, seenFrom } from '../../seen.ts';
import { phaseEnded } from './phase-ended.ts';

type Read<T> = (bytes: Uint8Array) => T;
type Parse<T> = (text: string) => T;

const OF_CAPTURE_KERNEL: Unseen = { value: null, why: 'It is the capture kernel that died' };

/** Null where there was no EFI. */
export interface FoundEfiMap {
  readonly efiMap: readonly EfiDescriptor[] | null;
}

/**
 * The evidence of one cell. Each file is parsed at most once: the choice of the policy, the
 * model's inputs and the invariants share the result.
 */
export class Evidence {
  readonly cell: CellRecord;
  readonly #files: Bundle['files'];
  readonly #texts = new Map<JudgedFile, string>();
  /** By file and by the function that reads it. */
  readonly #read = new Map<JudgedFile, Map<unknown, Seen<unknown>>>();
  #efiMap: Seen<FoundEfiMap> | undefined;
  #damage: { readonly line: string | null } | undefined;

  constructor({ cell, files }: Bundle) {
    this.cell = cell;
    this.#files = files;
  }

  /** Whether the cell left the file. */
  has(file: JudgedFile): boolean {
    return this.#files.has(file);
  }

  /** The file as text, or undefined if the cell did not leave it. Bytes that are no UTF-8 become U+FFFD. */
  text(file: JudgedFile): string | undefined {
    const bytes = this.#files.get(file);
    if (bytes === undefined) return undefined;
    const text = this.#texts.get(file) ?? new TextDecoder().decode(bytes);
    this.#texts.set(file, text);
    return text;
  }

  /** What a parser makes of the file's text; a `FormatError` is a reason, not an end. */
  parsed<T>(file: JudgedFile, parse: Parse<T>): Seen<T> {
    return this.#once(file, parse, () => parse(this.text(file) ?? ''));
  }

  /** What a reader makes of the file's bytes, likewise. */
  read<T>(file: JudgedFile, read: Read<T>): Seen<T> {
    return this.#once(file, read, () => read(this.#files.get(file) ?? new Uint8Array()));
  }

  #once<T>(file: JudgedFile, key: unknown, read: () => T): Seen<T> {
    const isHidden = evidenceRow(file).shownBy !== undefined && this.text(file) === '';
    if (!this.has(file) || isHidden) return this.#missing(file);
    const ofFile = this.#read.get(file) ?? new Map<unknown, Seen<unknown>>();
    this.#read.set(file, ofFile);
    const seen = (ofFile.get(key) as Seen<T> | undefined) ?? seenIn(file, read);
    ofFile.set(key, seen);
    return seen;
  }

  /** A file that the cell did not leave, though it came that far, is one that its kernel does not have. */
  #missing(file: JudgedFile): Unseen {
    const why = `The cell left no ${file}`;
    const { phase, shownBy } = evidenceRow(file);
    const isHidden = shownBy !== undefined && phase !== null && phaseEnded(this.cell, phase);
    return { value: null, why, ...(isHidden && { shownBy }) };
  }

  /** The system kernel's command line: as it saw it, else as it was given. */
  get cmdline(): string {
    return this.text('system/cmdline') ?? this.cell.cmdline.system;
  }

  /** The system kernel's symbols: as it told them, else out of its memory. */
  get kallsyms(): Seen<KernelSymbols> {
    const told = this.parsed('system/kallsyms', parseKallsyms);
    const isDead = told.value === null && this.deadSystem.value !== null;
    return isDead ? this.parsed('dead/kallsyms', parseKallsyms) : told;
  }

  /** The kernel that died or hung, as its memory shows it. */
  get dead(): Seen<DeadKernel> {
    return seenFrom(this.parsed('dead/kernel.json', parseDeadKernel), ({ kernel }) => kernel);
  }

  /** The same of a system kernel. */
  get deadSystem(): Seen<DeadKernel> {
    return seenFrom(this.dead, (kernel) =>
      kernel.role === 'system' ? { value: kernel } : OF_CAPTURE_KERNEL,
    );
  }

  /** The system kernel's memory map. */
  get iomem(): Seen<readonly IomemEntry[]> {
    return this.parsed('system/iomem', parseIomem);
  }

  /** Where the EFI stub left the EFI memory map; undefined where there was no EFI. */
  get efiMapLocation(): Seen<EfiMapLocation | undefined> {
    return this.read('system/boot-params', readEfiMapLocation);
  }

  /** The map that the EFI stub left in memory. */
  get efiMap(): Seen<FoundEfiMap> {
    this.#efiMap ??= seenFrom(this.efiMapLocation, (found): Seen<FoundEfiMap> => {
      if (!found) return { value: { efiMap: null } };
      return this.read('system/efi-memory-map.bin', (bytes) => ({
        efiMap: readEfiMemoryMap(bytes, found.descriptorSize),
      }));
    });
    return this.#efiMap;
  }

  /** What the driver reported that gave the firmware its layout. */
  get personality(): Seen<PersonalityLog> {
    // Without a layout there is no driver: only the guest could have written a report.
    if (this.cell.spec.layout === 'stock') {
      return { value: null, why: 'The firmware has its own layout' };
    }
    return this.parsed('personality.log', parsePersonalityLog);
  }

  /** The line in which the system kernel says that it is broken; null if there is none. */
  get damage(): string | null {
    return (this.#damage ??= { line: this.#findDamage() }).line;
  }

  #findDamage(): string | null {
    const { panicLine } = this.cell;
    const logs = [
      this.text('system/dmesg'),
      this.deadSystem.value && this.text('dead/dmesg'),
      systemKernelPart(this.text('console.log') ?? ''),
      this.text('capture/crashed-dmesg'),
    ];
    const found = logs.flatMap((log) => findDamage(log ?? '', panicLine) ?? []);
    return found[0] ?? null;
  }

  /**
   * All that the system kernel printed, as far as it is there: its own log, if that is whole, told
   * or in its memory, or the console's.
   */
  get systemLog(): string {
    const dead = this.deadSystem.value ? this.text('dead/dmesg') : undefined;
    const whole = [this.text('system/dmesg'), dead].find((log) => isWholeLog(log ?? ''));
    return whole ?? systemKernelPart(this.text('console.log') ?? '');
  }
}

function seenIn<T>(file: JudgedFile, read: () => T): Seen<T> {
  const seen = seeing(read);
  return 'why' in seen ? { value: null, why: `${file}: ${seen.why}` } : seen;
}

/** What a console has of the capture kernel; empty without one. */
export function captureKernelPart(consoleLog: string): string {
  return consoleLog.split(FIRST_LINE)[2] ?? '';
}

/** What a console has of the kernel that spoke last; all of it if none did. */
export function lastKernelPart(consoleLog: string): string {
  return consoleLog.slice(Math.max(consoleLog.lastIndexOf(FIRST_LINE), 0));
}

/** What a console has of the system kernel, without the capture kernel after it. */
export function systemKernelPart(consoleLog: string): string {
  return consoleLog.split(FIRST_LINE)[1] ?? '';
}
