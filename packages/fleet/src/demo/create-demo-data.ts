import { randomBytes } from 'node:crypto';
import { demoClient, mapConcurrently, type Send } from './client.ts';
import { demoCustomers } from './customers.ts';
import { interactionsOf } from './interactions.ts';
import { noteOf } from './notes.ts';
import { demoProducts } from './products.ts';

type Customer = { id: string; number: number };
type Product = { id: string; number: number };

export type DemoSummary = {
  email: string;
  password: string;
  company: string;
  /** A customer with a note, interactions and favorites. */
  customer: Customer;
};

const concurrency = 8;
const customerCount = 200;

/**
 * Creates a company with demo data through the public API of a running fleet.
 * @param onProgress called with each completed step
 */
export async function createDemoData(url: string, onProgress: (line: string) => void): Promise<DemoSummary> {
  const suffix = randomBytes(4).toString('hex');
  const email = `vera.demo-${suffix}@example.com`;
  const password = `demo-${randomBytes(9).toString('hex')}`;
  const company = `Bluebird Coffee ${suffix}`;
  const anonymous = demoClient(url);
  await anonymous('POST', '/auth/register', { email, password, name: 'Vera Kestrel', company_name: company });
  const { access_token } = await anonymous('POST', '/auth/login', { email, password });
  const send = demoClient(url, String(access_token));
  onProgress(`signed up ${email} with a company, ${company}`);
  const sendAsColleague = await addColleague(url, send, suffix);

  const customers = await mapConcurrently(demoCustomers(customerCount), concurrency, async (body) => {
    const { customer } = await send('POST', '/api/customers', body);
    return customer as Customer;
  });
  onProgress(`${customers.length} customers, some with tags`);

  const notes = customers.flatMap(({ id }, index) => noteOf(index).map((content) => ({ id, content })));
  await mapConcurrently(notes, concurrency, ({ id, content }) =>
    send('POST', `/api/customers/${id}/notes`, { content }),
  );
  onProgress(`${notes.length} notes`);

  const products = await mapConcurrently(demoProducts, concurrency, async (body) => {
    const { product } = await send('POST', '/api/products', body);
    return product as Product;
  });
  onProgress(`${products.length} products and services`);

  const now = new Date();
  const interactions = customers.flatMap(({ id }, index) => interactionsOf(index, now).map((body) => ({ id, body })));
  await mapConcurrently(interactions, concurrency, ({ id, body }) =>
    sendAsColleague('POST', `/api/customers/${id}/interactions`, body),
  );
  onProgress(`${interactions.length} interactions`);

  const favorites = customers.flatMap(({ number }, index) =>
    favoritesOf(index).map((liked) => ({ user_id: number, item_id: products[liked]?.number })),
  );
  await mapConcurrently(favorites, concurrency, (body) => send('POST', '/api/favorites', body));
  onProgress(`${favorites.length} favorites`);

  return { email, password, company, customer: customers[exampleIndex] as Customer };
}

/** Adds a manager, who records the interactions: all requests of one user would exceed the limit of a minute. */
async function addColleague(url: string, send: Send, suffix: string): Promise<Send> {
  const credentials = { email: `otto.demo-${suffix}@example.com`, password: `demo-${randomBytes(9).toString('hex')}` };
  const name = { username: `otto-${suffix}`, first_name: 'Otto', last_name: 'Heron' };
  await send('POST', '/api/v1/users', { ...credentials, ...name, role: 'manager' });
  const { access_token } = await demoClient(url)('POST', '/auth/login', credentials);
  return demoClient(url, String(access_token));
}

const exampleIndex = 71; // the second Jürgen: two tags, a note, three interactions, two favorites

/** Indexes of a customer's favorite products: none, one or two different ones. */
function favoritesOf(index: number): number[] {
  const first = (index * 5) % demoProducts.length;
  return [first, (first + 1 + (index % 4)) % demoProducts.length].slice(0, index % 3);
}
