import { requireUpdated, type Scope, type Tx } from '@clientela/db';
import type { Actor } from '@clientela/http';
import { audit } from '../audit/store.ts';
import { announceRevocations } from '../sessions/announcements.ts';
import type { ApiKey, MadeApiKey } from './schema.ts';
import { lockKeysMadeBy, revokeKey } from './store.ts';

// Ends API keys for every feature module that removes access, in the transaction of its change.

type KeyOrigin = Pick<Actor, 'id' | 'request_id' | 'client_ip'>;

/** Revokes a locked key, and announces it to the gateways. */
export async function revoke(
  tx: Tx,
  origin: KeyOrigin,
  key: Pick<ApiKey, 'id' | 'version'> & { company_id: string },
): Promise<void> {
  requireUpdated(await revokeKey(tx, key.company_id, key));
  announceRevocations(tx);
  await auditKey(tx, origin, key.company_id, key.id, 'api_key.revoked');
}

/**
 * Lists the good keys that a user made, which outlive the user's access.
 * @param options.revoke revokes them
 */
export async function findKeysMadeBy(
  tx: Tx,
  origin: KeyOrigin,
  { user_id, scope }: { user_id: string; scope: Scope },
  options: { revoke: boolean },
): Promise<MadeApiKey[]> {
  const keys = await lockKeysMadeBy(tx, scope, user_id);
  if (options.revoke) for (const key of keys) await revoke(tx, origin, key);
  return keys.map(({ id, name }) => ({ id, name }));
}

/** Adds an audit entry about a key. */
export const auditKey = (
  tx: Tx,
  { id, request_id, client_ip }: KeyOrigin,
  company_id: string,
  key_id: string,
  action: string,
  fields: string[] = [],
) => {
  const entry = { actor_id: id, action, resource_type: 'api_key', resource_id: key_id, company_id, fields };
  return audit(tx, { ...entry, ip: client_ip, request_id });
};
