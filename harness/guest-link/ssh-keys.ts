// SPDX-License-Identifier: MIT
import { generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';

/** The keys of one machine, made for it and discarded with it. */
export interface SshKeys {
  /** The server's key pair as dropbear keeps it in a file. */
  readonly hostKey: Buffer;
  /** The server's public key in the form in which it presents it (RFC 8709, section 4). */
  readonly hostName: Buffer;
  /** The client's private key, as OpenSSH keeps it in a file. */
  readonly clientKey: string;
  /** The client's public key, as a line of `authorized_keys`. */
  readonly clientName: string;
}

const ED25519 = 'ssh-ed25519';

/** Makes the two key pairs of a machine. */
export function makeSshKeys(): SshKeys {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const client = openSshKeyPair();
  return {
    // buf_put_ed25519_priv_key() of dropbear's ed25519.c.
    hostKey: Buffer.concat([sshString(ED25519), sshString(Buffer.concat([seed, point]))]),
    hostName: Buffer.concat([sshString(ED25519), sshString(point)]),
    clientKey: client.private,
    clientName: client.public,
  };
}

/**
 * An ed25519 key pair in OpenSSH's format. One in 256 of those that ssh2 1.17 makes is thrown away: its
 * point begins with a zero byte, which ssh2 leaves out, and then nothing can read the file.
 */
export function openSshKeyPair(): ReturnType<typeof ssh2.utils.generateKeyPairSync> {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

/** A `string` of RFC 4251, section 5: its length and its bytes. */
function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
