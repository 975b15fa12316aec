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

/** Clients of the other services that may hold a person's data. */
export type PeerClients = Record<Exclude<Service, 'customer'>, ServiceClient>;

const serviceActor = (company_id: string, request_id: string): Actor => ({
  id: 'service:customer',
  role: 'service',
  company_id,
  session_id: null,
  client_ip: null,
  request_id,
});

type Call = { actor: Actor; signal: AbortSignal };

/** Calls another service. @throws AppError 503 naming the service for anything but a valid response */
async function callPeer<S extends z.ZodType>(
  client: ServiceClient,
  path: string,
  body: unknown,
  responseSchema: S,
  call: Call,
) {
  const invalidResponse = (cause?: unknown) =>
    unavailable(`The ${client.service} service sent an invalid response`, { cause });
  const response = await client.postForBody(path, body, responseSchema, call).catch((error: unknown) => {
    throw error instanceof AppError ? error : invalidResponse(error);
  });
  if (response === undefined) throw invalidResponse();
  return response;
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

/** Requests the erasure of a person from another service; a repeated request resumes. @returns its report */
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

/** Requests the signature of a receipt from auth. @returns the JWS */
export const requestSignature = async (
  auth: ServiceClient,
  receipt: ErasureReceipt,
  signal: AbortSignal,
): Promise<string> => {
  const actor = serviceActor(receipt.company_id, receipt.request_id);
  return (await callPeer(auth, '/internal/receipts', receipt, SignedReceipt, { actor, signal })).jws;
};
