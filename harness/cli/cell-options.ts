// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError } from 'commander';
import { type CellSpec, cellSpecSchema } from '../bundle/cell-record.ts';
import type { Axes } from '../matrix/expand.ts';

const { shape } = cellSpecSchema;

/**
 * The options that set an axis of the matrix, and how one value is read; each may be given several times, or with several
 * values between commas, where a value has none itself.
 */
const AXIS_OPTIONS: readonly {
  readonly flags: string;
  readonly axis: Exclude<keyof CellSpec, 'kernel' | 'layoutBestEffort'>;
  readonly about: string;
  readonly value: (text: string) => unknown;
  readonly hasCommas?: true;
}[] = [
  {
    flags: '--crashkernel <value>',
    axis: 'crashkernel',
    about: 'crashkernel= of the system kernel, or "none"',
    value: (text) => (['off', 'none'].includes(text) ? null : text),
    hasCommas: true,
  },
  {
    flags: '--layout <id|file>',
    axis: 'layout',
    about:
      'firmware layout below 1 MiB: "stock", an id of images/layouts, a file, or "corpus" for all',
    value: String,
  },
  {
    flags: '--ovmf <which>',
    axis: 'ovmf',
    about: 'firmware: "host", debian:<version>, or the path of an OVMF_CODE image',
    value: String,
  },
  { flags: '--load <syscall>', axis: 'load', about: 'loads the capture kernel', value: String },
  {
    flags: '--trigger <how>',
    axis: 'trigger',
    about: 'makes the system kernel panic, or "none" to look at ownership only',
    value: String,
  },
  { flags: '--cpus <n>', axis: 'cpus', about: 'CPUs of the machine', value: Number },
  { flags: '--memory <MiB>', axis: 'memoryMiB', about: 'memory of the machine', value: Number },
  { flags: '--accel <kind>', axis: 'accel', about: 'accelerator', value: String },
  {
    flags: '--vmcore <kind>',
    axis: 'vmcore',
    about: 'how much of the vmcore is kept',
    value: String,
  },
  {
    flags: '--truth <what>',
    axis: 'truth',
    about: 'what the vmcore is compared with: guest memory at the kexec jump, or nothing',
    value: String,
  },
  {
    flags: '--append <text>',
    axis: 'append',
    about: "added to the system kernel's command line",
    value: String,
    hasCommas: true,
  },
  { flags: '--policy <id>', axis: 'policy', about: 'policy to hold the kernel to', value: String },
];

/** The axes that do not change what a machine is like, only what comes of it. */
const JUDGED_AXES: readonly string[] = ['vmcore', 'truth', 'policy'] satisfies (keyof CellSpec)[];

/** Adds the options that say what the cells are like; for machines that are not judged, only what these are like. */
export function addCellOptions(command: Command, judged = true): void {
  for (const { flags, axis, about, value, hasCommas } of AXIS_OPTIONS) {
    if (!judged && JUDGED_AXES.includes(axis)) continue;
    const { options } = shape[axis] as { readonly options?: readonly string[] };
    const words = options ? `${about}: ${options.join(', ')}` : about;
    command.option<unknown[]>(
      flags,
      judged ? `${words}; may be repeated${hasCommas ? '' : ', or a,b'}` : words,
      (text, previous: unknown[] | undefined) => {
        const values = (hasCommas ? [text] : text.split(',')).map((part) => {
          const parsed = shape[axis].safeParse(value(part));
          if (parsed.success) return parsed.data;
          throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? '');
        });
        return [...(previous ?? []), ...values];
      },
    );
  }
  command.option(
    '--layout-best-effort',
    'judge a cell even if OVMF could not be given its layout in full',
  );
}

/** The axes of a matrix with those given as options in their place. */
export function overAxes(axes: Axes, options: Readonly<Record<string, unknown>>): Axes {
  const given: Record<string, unknown> = {};
  for (const { flags, axis } of AXIS_OPTIONS) {
    const values = options[/^--(\w+)/.exec(flags)?.[1] ?? ''];
    if (values !== undefined) given[axis] = values;
  }
  if (options['layoutBestEffort'] === true) given['layoutBestEffort'] = [true];
  return { ...axes, ...given };
}
