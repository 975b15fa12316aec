import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { conflict, notFound, unavailable } from '@clientela/errors';
import { reply, route, withETag, type CompanyActor, type Route } from '@clientela/http';
import { exportSection } from '@clientela/privacy';
import { createConcurrencyLimiter } from '@clientela/runtime';
import { findCustomer } from '../customers/store.ts';
import { privacy } from '../privacy.ts';
import { isErasedUser } from '../tombstones/store.ts';
import { collectExport, type FetchPage } from './export.ts';
import { fetchExportPage, type PeerClients } from './remote-services.ts';
import { createCompanyUserClient, isLimitedToSelf, resolvePerson, type CompanyUserClient } from './resolve-person.ts';
import { toErasureRequest } from './rules.ts';
import {
  PersonalData,
  PersonRef,
  ReceiptResponse,
  RequestAccepted,
  RequestId,
  RequestPage,
  RequestQuery,
  RequestResponse,
  WaitQuery,
} from './schema.ts';
import {
  findReceipt,
  findRequest,
  insertRequest,
  listOtherRecords,
  listRequests,
  type StoredRequest,
} from './store.ts';

/** Admits admins for every person of their company and other roles for their own data. Handlers check the person. */
const allow = { permission: 'gdpr:manage', own: () => true } as const;

const WAIT_MS = 20_000; // the longest wait of ?wait=true
const WAIT_POLL_MS = 200;
const DOWNLOAD_MS = 60_000; // a slower client is disconnected

/** Bounds the exports in memory; each counts until its last byte is sent. */
const limitExports = createConcurrencyLimiter({
  concurrency: 2,
  maxQueued: 20,
  queueTimeoutMs: 10_000,
  rejection: () => unavailable('Too many exports in progress; retry in 2 s'),
});

export type PrivacyDeps = {
  peers: PeerClients;
  /** Called after an erasure was requested. */
  onErasureRequested?: (() => void) | undefined;
};

export const privacyRoutes = (deps: PrivacyDeps): Route[] => [...personRoutes(deps), ...requestRoutes];

function personRoutes({ peers, onErasureRequested }: PrivacyDeps): Route[] {
  const users: CompanyUserClient = (id, call) => createCompanyUserClient(peers.auth)(id, call);

  return [
    route({
      method: 'post',
      path: '/api/gdpr/export',
      operation: 'gdpr.export',
      errors: { 404: ['CUSTOMER_NOT_FOUND', 'USER_NOT_FOUND'], 409: ['EXPORT_TOO_LARGE'] },
      summary: 'Export the data of a person',
      description:
        'One JSON document with the data of every service about a customer, a user of the company, or a customer who is also a user. ' +
        'Complete, or a 503 that names the unavailable service. Includes deleted customers; 404 once erased. At most 64 MiB, else 409 ' +
        'EXPORT_TOO_LARGE. A download that takes longer than a minute is cut off. Role customer exports only its own data.',
      allow,
      body: PersonRef,
      example: { customer_id: '018f6f2a-0000-7000-8000-000000000001' },
      deadline: 60_000,
      responses: { 200: PersonalData },
      transaction: 'own', // changes nothing and calls other services
      idempotency: 'off',
      prepare: async ({ db, actor, body, signal }) => {
        const resolved = await resolvePerson(db, users, { actor, signal }, body);
        if ('request' in resolved) throw notFound(body.customer_id === undefined ? 'user' : 'customer');
        return resolved.person;
      },
      handle: async ({ db, actor, prepared: person, signal }) => {
        const fetchPage: FetchPage = (service, subject, section, after) =>
          service === 'customer'
            ? exportSection(db, privacy, subject, section, after)
            : fetchExportPage(peers[service], subject, section, after, { actor, signal });
        const ready = Promise.withResolvers<Readable>();
        limitExports(async () => {
          const chunks = await collectExport(fetchPage, person, await otherRecords(db, person), signal);
          await assertNotErased(db, person);
          const stream = Readable.from(chunks);
          ready.resolve(stream);
          // Disconnects a slow client, because it occupies a place of the export limiter.
          await finished(stream, { signal: AbortSignal.timeout(DOWNLOAD_MS) }).catch(() => stream.destroy());
        }).catch(ready.reject);
        const type = { 'Content-Type': 'application/json; charset=utf-8' };
        return reply(200, (await ready.promise) as unknown as PersonalData, type);
      },
    }),
    route({
      method: 'post',
      path: '/api/gdpr/delete',
      operation: 'gdpr.erase',
      errors: { 404: ['CUSTOMER_NOT_FOUND', 'USER_NOT_FOUND'], 409: ['LAST_ADMIN'] },
      summary: 'Erase a person in every service',
      description:
        'Starts a request that survives failures and ends with a signed receipt. Once it is running, the customer is a 404 everywhere; ' +
        'transactions stay without the person. 202 with the request, 200 with its receipt when done; a repeat for the same person returns ' +
        'the same request. A customer_id includes its user of role customer; staff are erased only by user_id. The last active admin of a company: 409 LAST_ADMIN.',
      allow,
      apiKeys: false, // a stolen key must not erase anybody
      query: WaitQuery,
      body: PersonRef,
      example: { customer_id: '018f6f2a-0000-7000-8000-000000000001' },
      deadline: 30_000,
      responses: { 200: RequestAccepted, 202: RequestAccepted },
      transaction: 'own', // with wait=true, waits for the erasure after the commit
      idempotency: 'steps',
      prepare: async ({ db, actor, body, signal }) => {
        const resolved = await resolvePerson(db, users, { actor, signal }, body);
        if ('user' in resolved && resolved.user?.last_admin) throw lastAdmin();
        return resolved;
      },
      handle: async ({ db, runStep, actor, query, signal, prepared }) => {
        const { id } = await runStep(1, async (tx) => ({
          id: 'request' in prepared ? prepared.request.id : await insertRequest(tx, prepared.person, actor.id),
        }));
        onErasureRequested?.();
        const request = await (query.wait ? waitUntilDone(db, actor, id, signal) : getRequest(db, actor, id));
        const { done_at, version } = request;
        const receipt = done_at && (await findReceipt(db, actor.company_id, id));
        const message = done_at ? 'Erased' : 'Erasure in progress';
        const body = { message, request: toErasureRequest(request), ...receipt };
        return reply(done_at ? 200 : 202, body, { ETag: `"${version}"` });
      },
    }),
  ];
}

const requestRoutes: Route[] = [
  route({
    method: 'get',
    path: '/api/gdpr/requests',
    operation: 'gdpr.requests.list',
    summary: 'List erasures',
    description: 'Newest first. Role customer sees only its own.',
    allow,
    tenancy: 'company-or-all',
    query: RequestQuery,
    responses: { 200: RequestPage },
    handle: async ({ db, actor, scope, query }) => {
      const user_id = isLimitedToSelf(actor) ? actor.id : undefined;
      const { rows, ...page } = await listRequests(db, scope, { ...query, user_id });
      return { requests: rows.map(toErasureRequest), ...page };
    },
  }),
  route({
    method: 'get',
    path: '/api/gdpr/requests/{request_id}',
    operation: 'gdpr.requests.get',
    errors: { 404: ['REQUEST_NOT_FOUND'] },
    summary: 'Get an erasure',
    allow,
    params: RequestId,
    conditionalGet: true,
    responses: { 200: RequestResponse },
    handle: async ({ db, actor, params }) => {
      const request = await getRequest(db, actor, params.request_id);
      return withETag(request.version, { request: toErasureRequest(request) });
    },
  }),
  route({
    method: 'get',
    path: '/api/gdpr/requests/{request_id}/receipt',
    operation: 'gdpr.receipts.get',
    errors: { 404: ['RECEIPT_NOT_FOUND', 'REQUEST_NOT_FOUND'] },
    summary: 'Get the receipt of an erasure',
    description:
      '404 RECEIPT_NOT_FOUND until the erasure is done. The verification keys stay in /.well-known/jwks.json permanently.',
    allow,
    params: RequestId,
    conditionalGet: true,
    responses: { 200: ReceiptResponse },
    handle: async ({ db, actor, params }) => {
      const { version } = await getRequest(db, actor, params.request_id);
      const receipt = await findReceipt(db, actor.company_id, params.request_id);
      if (!receipt) throw notFound('receipt');
      return withETag(version, receipt);
    },
  }),
];

const lastAdmin = () =>
  conflict({
    error_code: 'LAST_ADMIN',
    detail: 'This user is the last active admin of the company; make another user an admin first',
  });

/** @throws AppError 404 for an unknown request, or one of another person that the actor may not access */
async function getRequest(db: Db, actor: CompanyActor, id: string): Promise<StoredRequest> {
  const request = await findRequest(db, actor.company_id, id);
  if (!request || (isLimitedToSelf(actor) && request.user_id !== actor.id)) throw notFound('request');
  return request;
}

/** Returns the request when it is done, or its current state after 20 seconds. */
async function waitUntilDone(db: Db, actor: CompanyActor, id: string, signal: AbortSignal): Promise<StoredRequest> {
  const timeoutOrDisconnect = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
  for (;;) {
    const request = await getRequest(db, actor, id);
    if (request.done_at || timeoutOrDisconnect.aborted) return request;
    await sleep(WAIT_POLL_MS, undefined, { signal: timeoutOrDisconnect }).catch(() => {});
  }
}

/** Lists the user's other customer records, deleted ones in most cases. */
async function otherRecords(db: Db, { company_id, customer_id, user_id }: Person): Promise<Person[]> {
  if (user_id === null) return [];
  const records = await listOtherRecords(db, company_id, user_id, customer_id);
  return records.map(({ id, number }) => ({ company_id, customer_id: id, customer_number: number, user_id: null }));
}

/** Rejects an export during which the person was erased: it would be incomplete. @throws AppError 404 */
async function assertNotErased(db: Db, { company_id, customer_id, user_id }: Person): Promise<void> {
  if (customer_id !== null && !(await findCustomer(db, company_id, customer_id))) throw notFound('customer');
  if (customer_id === null && user_id !== null && (await isErasedUser(db, company_id, user_id))) throw notFound('user');
}
