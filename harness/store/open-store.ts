// SPDX-License-Identifier: MIT
import { FolderStore } from './folder-store.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { RemoteStore } from './remote-store.ts';
import type { StoreAddress } from './store-address.ts';

/** A store in use; disposed of when it is not needed. */
export interface OpenStore extends ArtifactStore, AsyncDisposable {}

/** What opening a store takes. */
interface OpenOptions {
  /** The socket of an SSH agent. */
  readonly sshAgent: string | undefined;
  readonly signal: AbortSignal;
}

/** Opens a store. Throws `UsageError` if it is none, or lets us not in; `HostError` if its server cannot be reached. */
export async function openStore(
  address: StoreAddress,
  { sshAgent, signal }: OpenOptions,
): Promise<OpenStore> {
  switch (address.kind) {
    case 'folder':
      return FolderStore.open(address.shown);
    case 'sftp': {
      const { SftpRemote } = await import('./sftp-remote.ts');
      return new RemoteStore(await SftpRemote.open(address, { sshAgent, signal }));
    }
    case 's3': {
      const { S3Remote } = await import('./s3-remote.ts');
      return new RemoteStore(await S3Remote.open(address, signal));
    }
  }
}
