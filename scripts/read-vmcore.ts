// SPDX-License-Identifier: MIT
/**
 * `read-vmcore.ts <vmcore>`: reads the log and the low pages once, in a new process, and prints how many ms it took, without
 * Node's start and the loading of the program.
 */
import { inspectVmcore } from '../harness/report/inspect-report.ts';
import { openFile } from '../harness/process/open-file.ts';

const [path = ''] = process.argv.slice(2);
const startedAt = performance.now();
const startedWith = process.cpuUsage();
using file = openFile(path);
const { parts } = inspectVmcore(file, { dmesg: true, lowmem: true }, { colour: false, width: 100 });
const { user, system } = process.cpuUsage(startedWith);
const wallMs = performance.now() - startedAt;
const lines = parts.reduce((sum, part) => sum + part.lines.length, 0);
process.stdout.write(`${JSON.stringify({ wallMs, cpuMs: (user + system) / 1000, lines })}\n`);
