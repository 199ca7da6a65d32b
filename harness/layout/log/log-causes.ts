// SPDX-License-Identifier: MIT
/** What a log says of the causes: what the machine is, and what its kernel was given. Outcomes are read in `check/log/`. */
import { findEsrtRange, namesTable } from '../../memory/firmware-tables.ts';
import type { PhysRange } from '../../memory/phys-range.ts';
import { printableText } from '../../memory/printable-text.ts';

/** See the file. */
export interface LogCauses {
  /** As `uname -r` has it; null if the line is lost. */
  readonly release: string | null;
  readonly cmdline: string | null;
  readonly machine: string | null;
  /** Bytes of the real-mode trampoline, which the configuration decides (printed up to 5.0). */
  readonly trampolineSize: number | null;
  /** Whether EFI booted it. */
  readonly isEfi: boolean;
  readonly is32Bit: boolean;
  /** The firmware's tables: whether the log names them, and where the kernel keeps the ESRT. */
  readonly tables: {
    readonly esrt: boolean;
    readonly esrtRange: PhysRange | null;
    readonly mokvar: boolean;
    readonly bgrt: boolean;
  };
  readonly sandyBridgeGraphics: boolean;
  /** `type 20` in the e820 map: GRUB_MEMORY_CODE, of GRUB's i386 loader. */
  readonly isGrubMap: boolean;
}

/** The causes that one boot's lines tell. */
export function readCauses(lines: readonly string[]): LogCauses {
  const log = lines.join('\n');
  const text = (pattern: RegExp): string | null => pattern.exec(log)?.[1]?.trim() ?? null;
  const size = Number(
    text(/\bBase memory trampoline at \[[^\]\n]{1,32}\] [0-9a-f]{1,8} size (\d{1,6})\b/),
  );
  const machine = text(/\bDMI: ([^\n]{1,200})/);
  return {
    release: text(/\bLinux version (\d[^\s\n]{0,100})/),
    cmdline: cmdlineOf(log),
    machine: machine && printableText(machine),
    trampolineSize: size > 0 ? size : null,
    isEfi: /\befi: (?:EFI v|mem\d)|\bEFI v\d/i.test(log),
    is32Bit: /\bBase memory trampoline at \[[0-9a-f]{8}\]|\b\d+MB (?:HIGH|LOW)MEM available/.test(
      log,
    ),
    tables: {
      esrt: namesTable(log, 'ESRT'),
      esrtRange: findEsrtRange(log),
      mokvar: namesTable(log, 'MOKvar'),
      bgrt: /\bACPI: BGRT 0x/.test(log),
    },
    sandyBridgeGraphics: log.includes('reserving inaccessible SNB gfx pages'),
    isGrubMap: /\bBIOS-e820: [^\n]{0,60}\btype 20\b/.test(log),
  };
}

/**
 * `setup_arch()` prints what the boot loader gave, before it adds what is built in (`CONFIG_CMDLINE`); `start_kernel()`
 * prints all, which newer kernels wrap. The longer one is whole.
 */
function cmdlineOf(log: string): string | null {
  const [given, all] = [
    /\bCommand line: ?([^\n]{0,2048})/,
    /\bKernel command line: ?([^\n]{0,2048})/,
  ].map((line) => line.exec(log)?.[1]?.trim());
  if (all === undefined) return given ?? null;
  return (given ?? '').length > all.length ? (given ?? '') : all;
}
