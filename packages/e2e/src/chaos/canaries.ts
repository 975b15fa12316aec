import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestResponse } from '../testing/test-fleet.ts';
import { client, type Client } from '../testing/test-fleet.ts';
import { sendWithRetry } from './retry.ts';
import { seed } from './seed.ts';

/** Prefix of all texts of one run. Letters and digits only, because document numbers keep nothing else. */
export const canary = `cnry${createHash('sha256').update(`${seed} ${process.pid}`).digest('hex').slice(0, 6)}`;

/** A person with a unique, known text in every field that a client can write. */
export type Canary = {
  /** Prefix of this person's texts. */
  prefix: string;
  /** Every text that was written. */
  marks: string[];
  /** The texts that an export must contain. */
  exportedMarks: string[];
  customer_id: string;
  user_id: string;
  avatar_url: string;
  number: number;
};

/** A PNG of one pixel, in base64. */
export const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/**
 * Creates a person with a user and a profile and writes a unique text into every field of either.
 * @param index of the person in this run
 */
export async function newCanary(
  admin: Client,
  url: string,
  company_id: string,
  product: number,
  index: number,
): Promise<Canary> {
  const prefix = `${canary}${String(index).padStart(3, '0')}`;
  const marks: string[] = [];
  const exported: string[] = [];
  /** A text that an export does not contain, because it is overwritten or never stored. */
  const transientMark = (): string => {
    const text = `${prefix}${(36 + marks.length).toString(36)}`;
    marks.push(text);
    return text;
  };
  const mark = (): string => {
    const text = transientMark();
    exported.push(text);
    return text;
  };
  let sent = 0;
  const send = async (who: Client, method: string, path: string, body?: unknown): Promise<TestResponse['body']> => {
    sent += 1;
    const response = await sendWithRetry(who, `${index}-${sent}`, method, path, body);
    if (response.status >= 300)
      throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(response.body)}`);
    return response.body;
  };
  const digits = String(index).padStart(3, '0');

  const [email, password] = [`${mark()}@example.com`, 'correct horse battery'];
  const user = await send(admin, 'POST', '/api/v1/users', {
    username: mark(),
    email,
    password,
    first_name: transientMark(),
    last_name: mark(),
    phone: `+346001${digits}77`,
    address: transientMark(),
    number_document_identity: mark(),
    document_type: 'passport',
    company_id,
    role: 'customer',
  });
  const user_id: string = user.id ?? user.user.id;
  const first_name = mark();
  await send(admin, 'PUT', `/api/v1/users/${user_id}`, { first_name });

  const anonymous = client(url);
  const device = { 'User-Agent': mark() };
  await anonymous.post('/auth/login', { email, password: 'not the password' }, device);
  await anonymous.post('/auth/login', { username: transientMark(), password }, device);
  const signed = await anonymous.post('/auth/login', { email, password }, device);
  const self = client(url, signed.body.access_token);
  await send(self, 'PATCH', '/auth/me', { address: mark() });
  const readProfile = async () => (await send(self, 'GET', '/api/customers/me')).customer;
  let customer = await readProfile();
  // The name reaches the profile by an event. One that the person chooses before would take its place everywhere.
  for (const giveUpAt = Date.now() + 60_000; customer.firstname !== first_name && Date.now() < giveUpAt;) {
    await sleep(25);
    customer = await readProfile();
  }
  const path = `/api/customers/${customer.id}`;
  await send(self, 'PATCH', '/api/customers/me', { full_name: mark(), address: { line: mark() } });

  const address = { line: mark(), city: mark(), state: mark(), zip_code: mark(), country: mark() };
  await send(admin, 'PATCH', path, {
    external_id: mark(),
    firstname: mark(),
    lastname: mark(),
    email: `${mark()}@example.com`,
    document_type: 'passport',
    document_number: mark(),
    address,
    metadata: { [mark()]: [mark(), { inner: mark() }] },
  });
  const data = { firstname: mark(), metadata: { note: mark() } };
  await send(admin, 'POST', '/api/customers/batch', { operations: [{ op: 'update', id: customer.id, data }] });
  await send(admin, 'PATCH', `/rest/v1/customers/${customer.number}`, { lastname: mark() });
  await send(admin, 'PATCH', `${path}/status`, { status: 'inactive', reason: mark() });
  const { tag } = await send(admin, 'POST', `${path}/tags`, { label: transientMark(), color: transientMark() });
  await send(admin, 'POST', `${path}/tags`, { label: mark() });
  await send(admin, 'DELETE', `${path}/tags/${tag.id}`);
  await send(admin, 'POST', `${path}/notes`, { content: mark() });
  const complaint = { notes: transientMark(), type: 'complaint', category: mark() };
  const { interaction } = await send(admin, 'POST', `${path}/interactions`, complaint);
  await send(admin, 'PATCH', `${path}/interactions/${interaction.id}`, { notes: mark() });
  const order = { kind: 'order', direction: 'in', amount: '10.00', order_id: mark(), description: mark() };
  await send(admin, 'POST', `${path}/transactions`, { ...order, external_ref: mark() });
  await send(admin, 'POST', '/rest/v1/favorites', { user_id: customer.number, item_id: product });
  const form = new FormData();
  form.set('file', new Blob([Buffer.from(png, 'base64')], { type: 'image/png' }), `${transientMark()}.png`);
  const { avatar_url } = (await send(admin, 'POST', `${path}/avatar`, form)).customer;
  return {
    prefix,
    marks,
    exportedMarks: exported,
    customer_id: customer.id,
    user_id,
    avatar_url,
    number: customer.number,
  };
}
