import { randomBytes } from 'node:crypto';
import { apiKeyPrefixLength, formatApiKey, hashApiKey } from '@clientela/contracts';
import { requireUpdated, requireVersion, type ExpectedVersion, type Tx } from '@clientela/db';
import { conflict, forbidden, invalid, type FieldError } from '@clientela/errors';
import { changedValues, pickWritable, type CompanyActor } from '@clientela/http';
import { lockCompanyRow } from '../companies/store.ts';
import { announceRevocations } from '../sessions/announcements.ts';
import { outranks } from '../users/rules.ts';
import { auditKey, revoke } from './key-lifecycle.ts';
import { changeErrors, newKeyErrors, parseGrace, uniquePermissions, yearsAfter } from './rules.ts';
import { WritableApiKey, type ApiKey, type NewApiKey } from './schema.ts';
import { countLiveKeys, insertKey, lockKey, replaceKey, updateKey } from './store.ts';

const maxLiveKeys = 200; // of a company

/** Identifies a change of one key; `expected_version` comes from `If-Match`. */
export type Target = { actor: CompanyActor; id: string; expected_version: ExpectedVersion };
type Issued = { api_key: ApiKey; key: string };

/** @returns a new key, its prefix and its hash */
function generateKey() {
  const key = formatApiKey(randomBytes(32));
  return { key, columns: { prefix: key.slice(0, apiKeyPrefixLength), key_hash: Buffer.from(hashApiKey(key), 'hex') } };
}

function throwIfInvalid(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(errors);
}

/**
 * @param maxRate the highest rate_per_minute that a key may have
 * @returns the record, and the key, which is stored as a hash only
 */
export async function createKey(tx: Tx, actor: CompanyActor, input: NewApiKey, maxRate: number): Promise<Issued> {
  const now = new Date();
  if (outranks(input.role, actor)) throw forbidden('An API key cannot have a role above your own');
  throwIfInvalid(newKeyErrors(input, maxRate, now));
  await lockCompanyRow(tx, actor.company_id); // so that concurrent requests count each other
  if ((await countLiveKeys(tx, actor.company_id)) >= maxLiveKeys)
    throw conflict({ error_code: 'TOO_MANY_API_KEYS', detail: `The company has ${maxLiveKeys} API keys already` });
  const { key, columns } = generateKey();
  const { name, role, permissions, allowed_ips = null, rate_per_minute = null, expires_at } = input;
  const api_key = await insertKey(tx, actor.company_id, {
    name,
    role,
    permissions: uniquePermissions(permissions),
    allowed_ips,
    rate_per_minute,
    expires_at: expires_at ?? yearsAfter(now, 1).toISOString(),
    created_by: actor.id,
    ...columns,
  });
  await auditKey(tx, actor, actor.company_id, api_key.id, 'api_key.created');
  return { api_key, key };
}

/** @throws AppError 409 when the key is revoked or has expired */
export async function changeKey(tx: Tx, target: Target, body: Record<string, unknown>): Promise<ApiKey> {
  const current = await lockLive(tx, target);
  const sent = pickWritable(body, WritableApiKey, current);
  if (sent.permissions) sent.permissions = uniquePermissions(sent.permissions);
  const changes = changedValues(sent, current);
  throwIfInvalid(changeErrors(current, changes, new Date()));
  if (Object.keys(changes).length === 0) return current;
  const { actor } = target;
  const changed = requireUpdated(await updateKey(tx, actor.company_id, current, changes));
  announceRevocations(tx);
  await auditKey(tx, actor, actor.company_id, changed.id, 'api_key.updated', Object.keys(changes));
  return changed;
}

/**
 * Replaces a key; the old one stays good for the grace period, and one that an earlier rotation left ends.
 * @throws AppError 409 when the key is revoked or has expired
 */
export async function rotateKey(tx: Tx, target: Target, grace: string): Promise<Issued> {
  const milliseconds = parseGrace(grace);
  if (milliseconds === undefined) throw invalid([{ path: 'grace', message: 'must be at most 7d' }]);
  const current = await lockLive(tx, target);
  const { actor } = target;
  const { key, columns } = generateKey();
  const api_key = requireUpdated(await replaceKey(tx, actor.company_id, current, columns, milliseconds));
  announceRevocations(tx);
  await auditKey(tx, actor, actor.company_id, api_key.id, 'api_key.rotated');
  return { api_key, key };
}

/** Revokes a key at every gateway. Has no effect on a revoked one. */
export async function endKey(tx: Tx, { actor, id, expected_version }: Target): Promise<void> {
  const current = requireVersion(await lockKey(tx, actor.company_id, id), 'api key', expected_version);
  if (current.revoked_at === null) await revoke(tx, actor, { ...current, company_id: actor.company_id });
}

async function lockLive(tx: Tx, { actor, id, expected_version }: Target): Promise<ApiKey> {
  const current = requireVersion(await lockKey(tx, actor.company_id, id), 'api key', expected_version);
  if (current.revoked_at === null && current.expires_at > new Date().toISOString()) return current;
  throw conflict({
    error_code: 'API_KEY_ENDED',
    detail: current.revoked_at === null ? 'The API key has expired' : 'The API key is revoked',
  });
}
