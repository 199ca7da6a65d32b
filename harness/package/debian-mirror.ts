// SPDX-License-Identifier: MIT
import { HostError, UsageError } from '../errors.ts';
import { runCommand } from '../process/owned-process.ts';

/** Where Debian's suites come from: base addresses without a slash at the end. */
export interface Mirror {
  readonly archive: string;
  readonly security: string;
}

/** What to do if the host's own configuration does not help. */
const NAME_ONE = 'name a Debian mirror with --mirror <url> or SUB1M_MIRROR';

/** The input of `mirrorOfHost`: a line for each package list that the host's apt has. */
const TARGET_FORMAT = '$(ORIGIN)|$(LABEL)|$(REPO_URI)';

/**
 * The mirror that the user named, else that of the host's own apt. Throws `HostError` if the host has
 * none, before anything is downloaded.
 */
export async function findMirror(named: string | undefined, signal: AbortSignal): Promise<Mirror> {
  if (named !== undefined) return mirrorNamed(named);
  const argv = ['apt-get', 'indextargets', '--format', TARGET_FORMAT, 'Created-By: Packages'];
  return mirrorOfHost(await runCommand(argv, { signal }));
}

/** The mirror at an address that the user gave: the archive's, with `-security` beside it. */
export function mirrorNamed(url: string): Mirror {
  if (!/^[a-z+]+:\/\/?[^\s[\]]+$/.test(url)) {
    throw new UsageError(
      `Cannot use the mirror "${url}": expected a URL such as http://<host>/debian`,
    );
  }
  return mirrorAt(withoutSlash(url));
}

/** The mirror among the targets of the host's apt, as `TARGET_FORMAT` prints them. */
export function mirrorOfHost(targets: string): Mirror {
  const lines = targets
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('|'));
  const debian = lines.filter(([origin]) => origin === 'Debian');
  const isSecurity = ([, label]: readonly string[]): boolean => label === 'Debian-Security';
  const archive = debian.find((line) => !isSecurity(line))?.[2];
  const security = debian.find(isSecurity)?.[2];
  if (archive === undefined) throw noDebian(lines.map(([, label = '']) => label));
  const mirror = mirrorAt(withoutSlash(archive));
  return security === undefined ? mirror : { ...mirror, security: withoutSlash(security) };
}

function noDebian(labels: readonly string[]): HostError {
  if (labels.length === 0) {
    return new HostError(
      "Cannot find this host's Debian mirror: apt has no package lists; " +
        `run "apt-get update" as root or ${NAME_ONE}`,
    );
  }
  const found = [...new Set(labels)].join(', ');
  return new HostError(
    `Cannot get packages from this host's mirrors: expected Debian, found ${found}; ${NAME_ONE}`,
  );
}

function mirrorAt(archive: string): Mirror {
  return { archive, security: `${archive}-security` };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
