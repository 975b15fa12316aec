import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { conflict, notFound } from '@clientela/errors';
import { reply, route, withETag, type CompanyActor, type Route } from '@clientela/http';
import { exportSection } from '@clientela/privacy';
import { createConcurrencyLimiter } from '../avatars/concurrency-limiter.ts';
import { findCustomer } from '../customers/store.ts';
import { privacy } from '../privacy.ts';
import { isErasedUser } from '../tombstones/store.ts';
import { collectExport, type AskRows } from './export.ts';
import { companyUserLookup, namedPerson, ownOnly, type CompanyUserLookup } from './lookup.ts';
import { askForRows, type Others } from './others.ts';
import { shownRequest } from './rules.ts';
import {
  PersonalData,
  ReceiptShown,
  RequestId,
  RequestPage,
  RequestQuery,
  RequestShown,
  RequestTaken,
  WaitQuery,
  WhoseData,
} from './schema.ts';
import { listOtherRecords } from './rows.ts';
import { findReceipt, findRequest, insertRequest, listRequests, type StoredRequest } from './store.ts';

/** Those who reach every person of their company, and everybody for their own data; whose it is, is seen in the body or the record. */
const allow = { permission: 'gdpr:manage', own: () => true } as const;

const patience = 20_000; // milliseconds that ?wait=true waits
const look = 200; // milliseconds between two looks meanwhile

const fetched = 60_000; // milliseconds in which an export must have been fetched

/** So many exports are in memory at a time, until the last byte is sent. */
const exporting = createConcurrencyLimiter({
  concurrency: 2,
  maxQueued: 20,
  queueTimeoutMs: 10_000,
  fullMessage: 'Too many exports are being made just now',
});

/** What these doors work with. */
export type GdprParts = {
  others: Others;
  /** Told when there is something to erase. */
  erasing?: (() => void) | undefined;
};

export const gdprRoutes = (parts: GdprParts): Route[] => [...personRoutes(parts), ...requestRoutes];

function personRoutes(parts: GdprParts): Route[] {
  const users: CompanyUserLookup = (id, call) => companyUserLookup(parts.others.auth)(id, call);

  return [
    route({
      method: 'post',
      path: '/api/gdpr/export',
      summary: 'Export what is known of a person',
      description:
        'One JSON document with what every service knows of a customer, of a user of the company, or of both in one; whole, or a 503 ' +
        'that names the service that does not answer. Deleted customers too; 404 once erased. At most 64 MiB: beyond, a 409 ' +
        'EXPORT_TOO_LARGE; what is not fetched within a minute is cut off. Role customer exports itself alone.',
      allow,
      body: WhoseData,
      deadline: 60_000,
      responses: { 200: PersonalData },
      transaction: 'own', // it changes nothing, and asks others
      idempotency: 'off',
      prepare: async ({ db, actor, body, signal }) => {
        const named = await namedPerson(db, users, { actor, signal }, body);
        if ('request' in named) throw notFound(body.customer_id === undefined ? 'user' : 'customer');
        return named.person;
      },
      handle: async ({ db, actor, prepared: person, signal }) => {
        const ask: AskRows = (service, whose, section, after) =>
          service === 'customer'
            ? exportSection(db, privacy, whose, section, after)
            : askForRows(parts.others[service], whose, section, after, { actor, signal });
        const made = Promise.withResolvers<Readable>();
        exporting(async () => {
          const pieces = await collectExport(ask, person, await otherRecords(db, person), signal);
          await stillThere(db, person);
          const stream = Readable.from(pieces);
          made.resolve(stream);
          // Or cut off: a slow reader keeps others waiting for so long only.
          await finished(stream, { signal: AbortSignal.timeout(fetched) }).catch(() => stream.destroy());
        }).catch(made.reject);
        const type = { 'Content-Type': 'application/json; charset=utf-8' };
        return reply(200, (await made.promise) as unknown as PersonalData, type);
      },
    }),
    route({
      method: 'post',
      path: '/api/gdpr/delete',
      summary: 'Erase a person, in every service',
      description:
        'A request that is carried out whatever fails meanwhile, and ends in a signed receipt. From when it runs the customer is a 404 ' +
        'everywhere; transactions stay without the person. 202 with the request, 200 and its receipt when it is done; asked again for the same ' +
        'person, the same request. A customer_id takes along its user of role customer; staff go by their user_id alone. The last active admin of a company: 409 LAST_ADMIN.',
      allow,
      query: WaitQuery,
      body: WhoseData,
      deadline: 30_000,
      responses: { 200: RequestTaken, 202: RequestTaken },
      transaction: 'own', // with wait=true it waits for what follows the commit
      idempotency: 'steps',
      prepare: async ({ db, actor, body, signal }) => {
        const named = await namedPerson(db, users, { actor, signal }, body);
        if ('user' in named && named.user?.last_admin) throw lastAdmin();
        return named;
      },
      handle: async ({ db, runStep, actor, query, signal, prepared }) => {
        const { id } = await runStep(1, async (tx) => ({
          id: 'request' in prepared ? prepared.request.id : await insertRequest(tx, prepared.person, actor.id),
        }));
        parts.erasing?.();
        const request = await (query.wait ? whenDone(db, actor, id, signal) : requestOf(db, actor, id));
        const { done_at, version } = request;
        const shown = { request: shownRequest(request), ...(done_at && (await findReceipt(db, actor.company_id, id))) };
        const message = done_at ? 'Erased' : 'The person is being erased';
        return reply(done_at ? 200 : 202, { message, ...shown }, { ETag: `"${version}"` });
      },
    }),
  ];
}

const requestRoutes: Route[] = [
  route({
    method: 'get',
    path: '/api/gdpr/requests',
    summary: 'List erasures',
    description: 'Newest first. Role customer sees its own alone.',
    allow,
    tenancy: 'company-or-all',
    query: RequestQuery,
    responses: { 200: RequestPage },
    handle: async ({ db, actor, scope, query }) => {
      const user_id = ownOnly(actor) ? actor.id : undefined;
      const { rows, ...rest } = await listRequests(db, scope, { ...query, user_id });
      return { requests: rows.map(shownRequest), ...rest };
    },
  }),
  route({
    method: 'get',
    path: '/api/gdpr/requests/{request_id}',
    summary: 'Get an erasure',
    allow,
    params: RequestId,
    conditionalGet: true,
    responses: { 200: RequestShown },
    handle: async ({ db, actor, params }) => {
      const request = await requestOf(db, actor, params.request_id);
      return withETag(request.version, { request: shownRequest(request) });
    },
  }),
  route({
    method: 'get',
    path: '/api/gdpr/requests/{request_id}/receipt',
    summary: 'Get the receipt of an erasure',
    description:
      '404 RECEIPT_NOT_FOUND until it is done. The keys that verify it stay in /.well-known/jwks.json for good.',
    allow,
    params: RequestId,
    conditionalGet: true,
    responses: { 200: ReceiptShown },
    handle: async ({ db, actor, params }) => {
      const { version } = await requestOf(db, actor, params.request_id);
      const signed = await findReceipt(db, actor.company_id, params.request_id);
      if (!signed) throw notFound('receipt');
      return withETag(version, signed);
    },
  }),
];

const lastAdmin = () =>
  conflict({
    error_code: 'LAST_ADMIN',
    detail: 'The person is the last active admin of the company; make somebody else an admin first',
  });

/** @throws AppError 404 for another's too, where the caller reaches its own alone */
async function requestOf(db: Db, actor: CompanyActor, id: string): Promise<StoredRequest> {
  const request = await findRequest(db, actor.company_id, id);
  if (!request || (ownOnly(actor) && request.user_id !== actor.id)) throw notFound('request');
  return request;
}

/** The request when it is done, or as it is when nobody waits any longer. */
async function whenDone(db: Db, actor: CompanyActor, id: string, signal: AbortSignal): Promise<StoredRequest> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  for (;;) {
    const request = await requestOf(db, actor, id);
    if (request.done_at || until.aborted) return request;
    await sleep(look, undefined, { signal: until }).catch(() => {});
  }
}

/** A user's customer records beside the one that is meant: deleted ones, in most cases. */
async function otherRecords(db: Db, { company_id, customer_id, user_id }: Person): Promise<Person[]> {
  if (user_id === null) return [];
  const found = await listOtherRecords(db, company_id, user_id, customer_id);
  return found.map(({ id, number }) => ({ company_id, customer_id: id, customer_number: number, user_id: null }));
}

/** What was erased in the middle of an export would be missing from it. @throws AppError 404 */
async function stillThere(db: Db, { company_id, customer_id, user_id }: Person): Promise<void> {
  if (customer_id !== null && !(await findCustomer(db, company_id, customer_id))) throw notFound('customer');
  if (customer_id === null && user_id !== null && (await isErasedUser(db, company_id, user_id))) throw notFound('user');
}
