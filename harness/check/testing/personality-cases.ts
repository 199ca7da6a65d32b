// SPDX-License-Identifier: MIT
/** Reports of the personality driver, for tests. */

/** The layout of the thread of 2021, as the driver writes ranges and types. */
export const THREAD_2021 = [
  '0x0-0xffff 7',
  '0x10000-0x13fff 4',
  '0x14000-0x62fff 7',
  '0x63000-0x8efff 4',
  '0x8f000-0x9ffff 7',
];

/** What OVMF has above 1 MiB. */
const HIGH = '0x100000-0x3fffffff 7';

/** What a report has. */
interface Report {
  readonly asked?: readonly string[];
  /** The map at `ExitBootServices` below 1 MiB; as asked if it is left out. */
  readonly exit?: readonly string[];
  /** The words of the BIOS data area. */
  readonly bda?: string;
  /** Lines on levers and errors. */
  readonly lines?: readonly string[];
  /** Null for a report that is cut before it. */
  readonly last?: string | null;
}

/** The text of `personality.log`; what is left out is as if OVMF had got the layout of 2021. */
export function reportText({
  asked = THREAD_2021,
  exit = asked.filter((line) => !line.endsWith(' 4294967295')),
  bda = '0x0 0x0',
  lines = [],
  last = 'done',
}: Report = {}): string {
  const report = [
    'sub1m-personality 1',
    ...asked.map((line) => `ask ${line}`),
    ...lines,
    'ready',
    ...[...exit, HIGH].map((line) => `exit ${line} 0xf`),
    `bda ${bda}`,
    ...(last === null ? [] : [last]),
  ];
  return `${report.join('\n')}\n`;
}
