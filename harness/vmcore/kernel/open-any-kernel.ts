// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { seeing, seeingFrom } from '../../seen.ts';
import { type Vmcoreinfo, parseVmcoreinfo } from '../dump/vmcoreinfo.ts';
import { type FoundKernel, openFoundKernel, releaseOf } from './dead-image.ts';
import { readDeadLog } from './dead-log.ts';
import { pageVmcoreinfo } from './dead-pages.ts';
import { type DumpedKernel, type KernelDump, kernelWith, openKernel } from './kernel.ts';
import { findKernelImage } from './kernel-image.ts';

/** A dump does not say which of its kernels is meant; the one outside any crashkernel memory is first. */
const NO_HINT = { crashkernel: [], capture: false };

/**
 * Opens the kernel in a dump, also one that died before it had written its VMCOREINFO. Throws
 * `FormatError`.
 */
export function openAnyKernel(dump: KernelDump): DumpedKernel {
  try {
    return openKernel(dump);
  } catch (error) {
    if (dump.vmcoreinfo !== null || !(error instanceof FormatError)) throw error;
    const { memory, cpus } = dump;
    const image = seeing(() => findKernelImage(memory, [], NO_HINT)).value;
    if (!image) throw error;
    const found = openFoundKernel(memory, image, cpus);
    return kernelWith(found.kernel, { vmcoreinfo: derivedVmcoreinfo(found) });
  }
}

/** What VMCOREINFO would say, as far as memory tells. */
function derivedVmcoreinfo(found: FoundKernel): Vmcoreinfo {
  const log = seeingFrom(found.kernel.kallsyms, (symbols) => readDeadLog(found, symbols));
  const pages = seeing(() => pageVmcoreinfo(found));
  const fields = [
    ...(found.banner.value === null ? [] : [['OSRELEASE', releaseOf(found.banner.value)] as const]),
    ...[found.kernel.vmcoreinfo, log.value?.vmcoreinfo, pages.value].flatMap((part) => [
      ...(part?.fields ?? []),
    ]),
  ];
  return parseVmcoreinfo(Buffer.from(fields.map(([key, value]) => `${key}=${value}\n`).join('')));
}
