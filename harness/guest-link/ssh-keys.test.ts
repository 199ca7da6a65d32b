// SPDX-License-Identifier: MIT
import ssh2 from 'ssh2';
import { afterEach, expect, it, vi } from 'vitest';
import { makeSshKeys } from './ssh-keys.ts';

/** Made by ssh2 1.17.0: its point begins with a zero byte, and has 31 bytes here. */
const CUT = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMgAAAAtz
c2gtZWQyNTUxOQAAAB8to1VCxNdbunXzNuyWsPfbB+f6GRrI2qk/qFnLgIAzAAAA
iGdH7gBnR+4AAAAAC3NzaC1lZDI1NTE5AAAAHy2jVULE11u6dfM27Jaw99sH5/oZ
GsjaqT+oWcuAgDMAAAA/ktBE+ZHM/dR7ydfj4b+q+Unztmg9vO9CZl9i2Od2xLot
o1VCxNdbunXzNuyWsPfbB+f6GRrI2qk/qFnLgIAzAAAAAAECAwQFBgc=
-----END OPENSSH PRIVATE KEY-----
`;

afterEach(() => {
  vi.restoreAllMocks();
});

it('are never of the kind that nothing can read', () => {
  expect(ssh2.utils.parseKey(CUT)).toBeInstanceOf(Error);
  vi.spyOn(ssh2.utils, 'generateKeyPairSync').mockReturnValueOnce({ private: CUT, public: '' });
  const { clientKey, clientName } = makeSshKeys();
  expect(ssh2.utils.parseKey(clientKey)).not.toBeInstanceOf(Error);
  expect(ssh2.utils.parseKey(clientName)).not.toBeInstanceOf(Error);
});
