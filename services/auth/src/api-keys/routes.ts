import { ApiKeyVerification, VerifiedApiKey } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { patchBody, route, withETag, type Route } from '@clientela/http';
import { ignoring, Message, nameSchemas } from '@clientela/validation';
import { changeKey, createKey, endKey, rotateKey } from './actions.ts';
import {
  ApiKey,
  ApiKeyList,
  ApiKeyParams,
  ApiKeyQuery,
  ApiKeyRead,
  ApiKeyResponse,
  ignoredFields,
  IssuedApiKey,
  NewApiKey,
  Rotation,
  WritableApiKey,
} from './schema.ts';
import { findKey, findKeyByHash, listKeys, updateLastUse } from './store.ts';

/** `maxKeyRate`: the highest rate_per_minute of a key, which is the limit of a user. */
export type ApiKeyDeps = { maxKeyRate: number };

const path = '/api/v1/api-keys';
const keyPath = `${path}/{key_id}`;
const ended = { 404: ['API_KEY_NOT_FOUND'], 409: ['API_KEY_ENDED'] };

const ApiKeyPatch = ignoring(patchBody(ApiKey, WritableApiKey), ignoredFields);
nameSchemas({ ApiKeyPatch });

export const apiKeyRoutes = ({ maxKeyRate }: ApiKeyDeps): Route[] => [
  route({
    method: 'get',
    path,
    operation: 'api_keys.list',
    summary: 'List the API keys of the company',
    description: 'Newest first, revoked and expired ones too.',
    allow: 'keys:manage',
    query: ApiKeyQuery,
    responses: { 200: ApiKeyList },
    handle: async ({ db, actor, query }) => {
      const { rows: api_keys, ...totals } = await listKeys(db, actor.company_id, query);
      return { api_keys, ...totals, ...query };
    },
  }),
  route({
    method: 'post',
    path,
    operation: 'api_keys.create',
    errors: { 409: ['TOO_MANY_API_KEYS'] },
    summary: 'Create an API key',
    description:
      'The response is the one time that the key is shown. A machine sends it as `Authorization: Bearer clt_…`. It belongs to the company ' +
      'and outlives the user who made it. Routes that need no permission, and those that administer people, companies and keys, are closed to it.',
    allow: 'keys:manage',
    idempotency: 'reject', // a stored response would hold the key
    body: NewApiKey,
    example: { name: 'Web shop', role: 'manager', permissions: ['customers:read', 'customers:create'] },
    responses: { 201: IssuedApiKey },
    handle: async ({ tx, actor, body }) => {
      const { api_key, key } = await createKey(tx, actor, body, maxKeyRate);
      return withETag(api_key.version, { message: 'API key created', api_key, key });
    },
  }),
  route({
    method: 'get',
    path: keyPath,
    operation: 'api_keys.get',
    errors: { 404: ['API_KEY_NOT_FOUND'] },
    summary: 'Get an API key',
    description: 'Without the key itself.',
    allow: 'keys:manage',
    params: ApiKeyParams,
    responses: { 200: ApiKeyRead },
    conditionalGet: false, // last_used_at changes without a new version
    handle: async ({ db, actor, params }) => {
      const api_key = await findKey(db, actor.company_id, params.key_id);
      if (!api_key) throw notFound('api key');
      return withETag(api_key.version, { api_key });
    },
  }),
  route({
    method: 'put',
    path: keyPath,
    operation: 'api_keys.update',
    errors: ended,
    summary: 'Change an API key',
    description:
      'Omitted fields keep their value; null clears permissions (then those of the role) and allowed_ips. Takes effect at the gateways within 2 seconds.',
    allow: 'keys:manage',
    params: ApiKeyParams,
    body: ApiKeyPatch,
    example: { name: 'Web shop', allowed_ips: ['203.0.113.0/24'] },
    responses: { 200: ApiKeyResponse },
    handle: async ({ tx, actor, params, body, expected_version }) => {
      const api_key = await changeKey(tx, { actor, id: params.key_id, expected_version }, body);
      return withETag(api_key.version, { message: 'API key updated', api_key });
    },
  }),
  route({
    method: 'post',
    path: `${keyPath}/rotate`,
    operation: 'api_keys.rotate',
    errors: ended,
    summary: 'Replace an API key',
    description:
      'Returns a new key, shown this one time. The old one stays good for the grace period (0 to 7d); one that an earlier rotation left ends at once.',
    allow: 'keys:manage',
    idempotency: 'reject', // a stored response would hold the key
    params: ApiKeyParams,
    body: Rotation,
    example: { grace: '24h' },
    responses: { 200: IssuedApiKey },
    handle: async ({ tx, actor, params, body, expected_version }) => {
      const { api_key, key } = await rotateKey(tx, { actor, id: params.key_id, expected_version }, body.grace);
      return withETag(api_key.version, { message: 'API key rotated', api_key, key });
    },
  }),
  route({
    method: 'delete',
    path: keyPath,
    operation: 'api_keys.revoke',
    errors: { 404: ['API_KEY_NOT_FOUND'] },
    summary: 'Revoke an API key',
    description:
      'Every gateway rejects it within 2 seconds. Its record stays, so that history and audit log can name it.',
    allow: 'keys:manage',
    params: ApiKeyParams,
    responses: { 200: Message },
    handle: async ({ tx, actor, params, expected_version }) => {
      await endKey(tx, { actor, id: params.key_id, expected_version });
      return { message: 'API key revoked' };
    },
  }),
  route({
    method: 'post',
    path: '/internal/api-keys/verify',
    summary: 'Find an API key by its hash',
    description: 'Stores the use of the key that the gateway reports, at most once a minute.',
    allow: { internal: ['gateway'] },
    tenancy: 'global',
    isPolled: true,
    body: ApiKeyVerification,
    responses: { 200: VerifiedApiKey.strict() },
    handle: async ({ tx, body: { hash, used } }) => {
      const api_key = await findKeyByHash(tx, Buffer.from(hash, 'hex'));
      if (api_key && used) await updateLastUse(tx, api_key.company_id, api_key.id, used);
      return { api_key };
    },
  }),
];
