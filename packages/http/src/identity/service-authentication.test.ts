import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createServiceAuthentication } from './actor.ts';

const newKey = () => randomBytes(32).toString('base64url');
const hashOf = (key: string) => createHash('sha256').update(key).digest();

test('finds the caller of a key at every request, and none for a similar, a repeated or a missing one', () => {
  const [gateway, previous, interaction] = [newKey(), newKey(), newKey()];
  const authenticate = createServiceAuthentication([
    { service: 'gateway', hash: hashOf(gateway) },
    { service: 'gateway', hash: hashOf(previous) },
    { service: 'interaction', hash: hashOf(interaction) },
  ]);
  const callerOf = (key?: string | string[]) => authenticate({ ...(key !== undefined && { 'x-service-key': key }) });
  for (let request = 0; request < 3; request += 1) {
    expect([gateway, previous, interaction].map((key) => callerOf(key))).toEqual(['gateway', 'gateway', 'interaction']);
    const similar = `${gateway.startsWith('A') ? 'B' : 'A'}${gateway.slice(1)}`;
    for (const key of [similar, gateway.slice(1), `${gateway} `, newKey(), '', undefined, [gateway, gateway]])
      expect(() => callerOf(key)).toThrow(expect.objectContaining({ kind: 'unauthenticated' }));
  }
});
