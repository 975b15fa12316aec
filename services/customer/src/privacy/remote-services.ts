import {
  ErasureReport,
  ExportedRows,
  SignedReceipt,
  type ErasureReceipt,
  type Person,
  type Service,
} from '@clientela/contracts';
import { AppError, unavailable } from '@clientela/errors';
import type { Actor, ServiceClient } from '@clientela/http';
import type { z } from 'zod';
import type { Step } from './store.ts';

/** The services that know something of a person, beside this one. */
export type PeerClients = Record<Exclude<Service, 'customer'>, ServiceClient>;

/** This service, when it acts for itself. */
const serviceActor = (company_id: string, request_id: string): Actor => ({
  id: 'service:customer',
  role: 'service',
  company_id,
  session_id: null,
  client_ip: null,
  request_id,
});

type Call = { actor: Actor; signal: AbortSignal };

/** @throws AppError 503 naming the service for whatever is not the answer that was asked for */
async function callPeer<S extends z.ZodType>(
  client: ServiceClient,
  path: string,
  body: unknown,
  answer: S,
  call: Call,
) {
  const fault = (cause?: unknown) =>
    unavailable(`The ${client.service} service does not answer as it should`, { cause });
  const answered = await client.postForBody(path, body, answer, call).catch((error: unknown) => {
    throw error instanceof AppError ? error : fault(error);
  });
  if (answered === undefined) throw fault();
  return answered;
}

export const fetchExportPage = (
  client: ServiceClient,
  person: Person,
  section: string,
  after: string | undefined,
  call: Call,
): Promise<ExportedRows> =>
  callPeer(
    client,
    '/internal/privacy/export',
    { person, section, ...(after !== undefined && { after }) },
    ExportedRows,
    call,
  );

/** Has another service erase a person, or go on with it, and report. */
export const requestErasure = (
  client: ServiceClient,
  { request_id, company_id, customer_id, customer_number, user_id }: Step,
  signal: AbortSignal,
): Promise<ErasureReport> =>
  callPeer(
    client,
    '/internal/privacy/erasures',
    { request_id, person: { company_id, customer_id, customer_number, user_id } },
    ErasureReport,
    { actor: serviceActor(company_id, request_id), signal },
  );

/** Has auth sign a receipt. */
export const requestSignature = async (
  auth: ServiceClient,
  receipt: ErasureReceipt,
  signal: AbortSignal,
): Promise<string> => {
  const actor = serviceActor(receipt.company_id, receipt.request_id);
  return (await callPeer(auth, '/internal/receipts', receipt, SignedReceipt, { actor, signal })).jws;
};
