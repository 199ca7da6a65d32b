// SPDX-License-Identifier: MIT
import { type Bundle, bundleText } from '../../bundle/bundle.ts';
import { type PersonalityLog, parsePersonalityLog } from '../../layout/personality-log.ts';
import { type Seen, seeing } from '../../seen.ts';

/** Takes an evidence file as text and parses it; a `FormatError` is a reason, not an end. */
export function seenText<T>(bundle: Bundle, path: string, parse: (text: string) => T): Seen<T> {
  const text = bundleText(bundle, path);
  return text === undefined ? missing(path) : parsed(path, () => parse(text));
}

/** Takes an evidence file as bytes, likewise. */
export function seenBytes<T>(
  bundle: Bundle,
  path: string,
  read: (bytes: Uint8Array) => T,
): Seen<T> {
  const bytes = bundle.files.get(path);
  return bytes === undefined ? missing(path) : parsed(path, () => read(bytes));
}

function missing(path: string): { value: null; why: string } {
  return { value: null, why: `The cell left no ${path}` };
}

function parsed<T>(path: string, parse: () => T): Seen<T> {
  const seen = seeing(parse);
  return 'why' in seen ? { value: null, why: `${path}: ${seen.why}` } : seen;
}

/** The system kernel's command line: as it saw it, else as it was given. */
export function commandLine(bundle: Bundle): string {
  return bundleText(bundle, 'system/cmdline') ?? bundle.cell.cmdline.system;
}

/** What the driver reported that gave the firmware its layout. */
export function seenPersonality(bundle: Bundle): Seen<PersonalityLog> {
  // Nobody but the guest could have written one.
  if (bundle.cell.spec.layout === 'stock') {
    return { value: null, why: 'The firmware has its own layout' };
  }
  return seenText(bundle, 'personality.log', parsePersonalityLog);
}

/** A kernel's first line. */
const FIRST_LINE = 'Linux version ';

/**
 * All that the system kernel printed, as far as it is there: its own log, if that is whole, or the
 * console's.
 */
export function systemKernelLog(bundle: Bundle): string {
  const dmesg = bundleText(bundle, 'system/dmesg') ?? '';
  const isWhole = dmesg.includes(FIRST_LINE);
  return isWhole ? dmesg : systemKernelPart(bundleText(bundle, 'console.log') ?? '');
}

/** What a console has of the system kernel, without the capture kernel after it. */
export function systemKernelPart(consoleLog: string): string {
  return consoleLog.split(FIRST_LINE)[1] ?? '';
}
