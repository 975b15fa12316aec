import { createPublicKey, verify } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { services, type Service } from '@clientela/fleet';
import type { Client } from '../testing/test-fleet.ts';
import type { ChaosStreet } from './chaos-fleet.ts';
import { inTime, untilAnswered } from './retry.ts';
import type { Canary } from './canaries.ts';

/** A moment in an erasure at which somebody dies: before a service is asked, or when its answer is on its way. */
export type Step = { name: string; path: string; asked: Service; way: 'up' | 'down'; dies: Service };

const asked = services.filter((service) => service !== 'customer');
const moments = (path: string, service: Service, of: string): Step[] => [
  { name: `${service} is about to be asked ${of}`, path, asked: service, way: 'up', dies: 'customer' },
  { name: `${service} has answered ${of}, and nobody heard it`, path, asked: service, way: 'down', dies: 'customer' },
  { name: `${service} has answered ${of}, and nobody heard it`, path, asked: service, way: 'down', dies: service },
];
export const steps: Step[] = [
  ...asked.flatMap((service) => moments('/internal/privacy/erasures', service, 'to erase')),
  ...moments('/internal/receipts', 'auth', 'for the receipt'),
];

/** Asks for somebody's erasure, until it is taken. @returns the request's id */
export async function erase(admin: Client, { customer_id }: Canary): Promise<string> {
  const { status, body } = await untilAnswered(admin, `erase-${customer_id}`, 'POST', '/api/gdpr/delete', {
    customer_id,
  });
  if (status !== 202 && status !== 200) throw new Error(`gdpr/delete: ${status} ${JSON.stringify(body)}`);
  return body.request.id;
}

/** Erases somebody, and kills whoever is to die at a step. @returns the request's id */
export async function eraseThrough(street: ChaosStreet, admin: Client, person: Canary, step: Step): Promise<string> {
  const proxy = street.to[step.asked];
  const held = proxy.hold(({ from, way }) => from === `POST ${step.path}` && way === step.way);
  const id = await erase(admin, person);
  await inTime(held.reached, step.name);
  street.kill_hard(step.dies, `an erasure: ${step.name}`);
  await sleep(50); // the connections that it had end before they are let go on
  held.release();
  return id;
}

/** What is not as it must be when erasures are over: their states, their receipts, and what the doors say of the people. */
export async function notErased(admin: Client, people: readonly { person: Canary; id: string }[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { id, person } of people) {
    const { body } = await untilAnswered(admin, '', 'GET', `/api/gdpr/requests/${id}`);
    if (body.request?.status !== 'done') wrong.push(`${person.own}: ${JSON.stringify(body)}`);
  }
  return wrong;
}

/** What is wrong with the receipt of an erasure, or with what is still answered about the person. */
export async function afterwards(
  admin: Client,
  jwks: readonly ({ kid: string } & Record<string, string>)[],
  { id, person }: { person: Canary; id: string },
): Promise<string[]> {
  const read = async (path: string) => untilAnswered(admin, '', 'GET', path);
  const { status, body } = await read(`/api/gdpr/requests/${id}/receipt`);
  if (status !== 200) return [`${person.own}: its receipt is a ${status}`];
  const told = body.receipt.services.map(({ service }: { service: string }) => service).toSorted();
  const wrong = told.join() === services.toSorted().join() ? [] : [`${person.own}: its receipt tells of ${told}`];
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
  if (!signed) wrong.push(`${person.own}: its receipt is not signed by a published key`);
  const paths = [`/api/customers/${person.customer_id}`, `/api/v1/users/${person.user_id}`, person.avatar_url];
  for (const path of paths) {
    const answer = await read(path);
    if (answer.status !== 404) wrong.push(`${path} is a ${answer.status}`);
  }
  return wrong;
}
