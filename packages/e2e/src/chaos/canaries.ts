import { createHash } from 'node:crypto';
import type { Answer } from '../testing/test-fleet.ts';
import { client, type Client } from '../testing/test-fleet.ts';
import { untilAnswered } from './retry.ts';
import { seed } from './seed.ts';

/** What all texts of one run begin with: letters and digits alone, as a document number keeps nothing else. */
export const canary = `cnry${createHash('sha256').update(`${seed} ${process.pid}`).digest('hex').slice(0, 6)}`;

/** Somebody of whom every text that a client can write is unique, and known. */
export type Canary = {
  /** What each of this person's texts begins with. */
  own: string;
  /** Every text that was written, and those of them that an export must show. */
  marks: string[];
  shown: string[];
  customer_id: string;
  user_id: string;
  avatar_url: string;
  number: number;
};

/** A picture of one pixel. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/**
 * A person with a user, a profile, and whatever can be written of either through a door, each field under a text of its own.
 * @param at the how manieth of the run
 */
export async function newCanary(
  admin: Client,
  url: string,
  company_id: string,
  product: number,
  at: number,
): Promise<Canary> {
  const own = `${canary}${String(at).padStart(3, '0')}`;
  const marks: string[] = [];
  const shown: string[] = [];
  /** A text that is written and is nobody's any more, or nothing that is kept of a person: overwritten, or never known. */
  const passing = (): string => {
    const text = `${own}${(36 + marks.length).toString(36)}`;
    marks.push(text);
    return text;
  };
  const mark = (): string => {
    const text = passing();
    shown.push(text);
    return text;
  };
  let sent = 0;
  const as = async (who: Client, method: string, path: string, body?: unknown): Promise<Answer['body']> => {
    sent += 1;
    const answer = await untilAnswered(who, `${at}-${sent}`, method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const digits = String(at).padStart(3, '0');

  const [email, password] = [`${mark()}@example.com`, 'correct horse battery'];
  const user = await as(admin, 'POST', '/api/v1/users', {
    username: mark(),
    email,
    password,
    first_name: passing(),
    last_name: mark(),
    phone: `+346001${digits}77`,
    address: passing(),
    number_document_identity: mark(),
    document_type: 'passport',
    company_id,
    role: 'customer',
  });
  const user_id: string = user.id ?? user.user.id;
  await as(admin, 'PUT', `/api/v1/users/${user_id}`, { first_name: mark() });

  const open = client(url);
  const device = { 'User-Agent': mark() };
  await open.post('/auth/login', { email, password: 'not the password' }, device);
  await open.post('/auth/login', { username: passing(), password }, device);
  const signed = await open.post('/auth/login', { email, password }, device);
  const self = client(url, signed.body.access_token);
  await as(self, 'PATCH', '/auth/me', { address: mark() });
  const { customer } = await as(self, 'GET', '/api/customers/me');
  const path = `/api/customers/${customer.id}`;
  await as(self, 'PATCH', '/api/customers/me', { full_name: mark(), address: { line: mark() } });

  const address = { line: mark(), city: mark(), state: mark(), zip_code: mark(), country: mark() };
  await as(admin, 'PATCH', path, {
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
  await as(admin, 'POST', '/api/customers/batch', { operations: [{ op: 'update', id: customer.id, data }] });
  await as(admin, 'PATCH', `/rest/v1/customers/${customer.number}`, { lastname: mark() });
  await as(admin, 'PATCH', `${path}/status`, { status: 'inactive', reason: mark() });
  const { tag } = await as(admin, 'POST', `${path}/tags`, { label: passing(), color: passing() });
  await as(admin, 'POST', `${path}/tags`, { label: mark() });
  await as(admin, 'DELETE', `${path}/tags/${tag.id}`);
  await as(admin, 'POST', `${path}/notes`, { content: mark() });
  const talk = { notes: passing(), type: 'complaint', category: mark() };
  const { interaction } = await as(admin, 'POST', `${path}/interactions`, talk);
  await as(admin, 'PATCH', `${path}/interactions/${interaction.id}`, { notes: mark() });
  const order = { kind: 'order', direction: 'in', amount: '10.00', order_id: mark(), description: mark() };
  await as(admin, 'POST', `${path}/transactions`, { ...order, external_ref: mark() });
  await as(admin, 'POST', '/rest/v1/favorites', { user_id: customer.number, item_id: product });
  const form = new FormData();
  form.set('file', new Blob([Buffer.from(png, 'base64')], { type: 'image/png' }), `${passing()}.png`);
  const { avatar_url } = (await as(admin, 'POST', `${path}/avatar`, form)).customer;
  return { own, marks, shown, customer_id: customer.id, user_id, avatar_url, number: customer.number };
}
