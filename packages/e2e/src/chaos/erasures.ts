import { createPublicKey, verify } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { services, type Service } from '@clientela/fleet';
import type { Client } from '../testing/test-fleet.ts';
import type { ChaosFleet } from './chaos-fleet.ts';
import { withTimeout, sendWithRetry } from './retry.ts';
import type { Canary } from './canaries.ts';

/** A step of an erasure at which a process is killed: before a service is called, or before its response arrives. */
export type Step = { name: string; path: string; target: Service; direction: 'up' | 'down'; killed: Service };

const otherServices = services.filter((service) => service !== 'customer');
const stepsOf = (path: string, service: Service, purpose: string): Step[] => [
  { name: `before ${service} is called ${purpose}`, path, target: service, direction: 'up', killed: 'customer' },
  {
    name: `after ${service} responded ${purpose}, before the response arrives`,
    path,
    target: service,
    direction: 'down',
    killed: 'customer',
  },
  {
    name: `after ${service} responded ${purpose}, before the response arrives`,
    path,
    target: service,
    direction: 'down',
    killed: service,
  },
];
export const steps: Step[] = [
  ...otherServices.flatMap((service) => stepsOf('/internal/privacy/erasures', service, 'for the erasure')),
  ...stepsOf('/internal/receipts', 'auth', 'for the receipt'),
];

/** Requests an erasure and retries until it is accepted. @returns the request's id */
export async function erase(admin: Client, { customer_id }: Canary): Promise<string> {
  const { status, body } = await sendWithRetry(admin, `erase-${customer_id}`, 'POST', '/api/gdpr/delete', {
    customer_id,
  });
  if (status !== 202 && status !== 200) throw new Error(`gdpr/delete: ${status} ${JSON.stringify(body)}`);
  return body.request.id;
}

/** Requests an erasure and kills a process at a step. @returns the request's id */
export async function eraseThrough(fleet: ChaosFleet, admin: Client, person: Canary, step: Step): Promise<string> {
  const proxy = fleet.serviceProxies[step.target];
  const hold = proxy.hold(({ from, direction }) => from === `POST ${step.path}` && direction === step.direction);
  const id = await erase(admin, person);
  await withTimeout(hold.reached, step.name);
  fleet.killHard(step.killed, `an erasure: ${step.name}`);
  await sleep(50); // its connections end before the hold is released
  hold.release();
  return id;
}

/** Lists the erasures that are not done. */
export async function unfinishedErasures(
  admin: Client,
  people: readonly { person: Canary; id: string }[],
): Promise<string[]> {
  const problems: string[] = [];
  for (const { id, person } of people) {
    const { body } = await sendWithRetry(admin, '', 'GET', `/api/gdpr/requests/${id}`);
    if (body.request?.status !== 'done') problems.push(`${person.prefix}: ${JSON.stringify(body)}`);
  }
  return problems;
}

/** Checks the receipt of an erasure, and that every route returns 404 for the person. @returns the problems */
export async function checkErased(
  admin: Client,
  jwks: readonly ({ kid: string } & Record<string, string>)[],
  { id, person }: { person: Canary; id: string },
): Promise<string[]> {
  const read = async (path: string) => sendWithRetry(admin, '', 'GET', path);
  const { status, body } = await read(`/api/gdpr/requests/${id}/receipt`);
  if (status !== 200) return [`${person.prefix}: its receipt is a ${status}`];
  const serviceNames = body.receipt.services.map(({ service }: { service: string }) => service).toSorted();
  const problems =
    serviceNames.join() === services.toSorted().join() ? [] : [`${person.prefix}: its receipt names ${serviceNames}`];
  const [header = '', payload = '', signature = ''] = body.jws.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const jwk = jwks.find((key) => key.kid === kid);
  const signed =
    jwk &&
    verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
  if (!signed) problems.push(`${person.prefix}: its receipt is not signed by a published key`);
  const paths = [`/api/customers/${person.customer_id}`, `/api/v1/users/${person.user_id}`, person.avatar_url];
  for (const path of paths) {
    const response = await read(path);
    if (response.status !== 404) problems.push(`${path} is a ${response.status}`);
  }
  return problems;
}
