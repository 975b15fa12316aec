import { randomBytes } from 'node:crypto';
import { demoClient, eachOf } from './client.ts';
import { demoCustomers } from './customers.ts';
import { interactionsOf } from './interactions.ts';
import { noteOf } from './notes.ts';
import { demoProducts } from './products.ts';

type Customer = { id: string; number: number };
type Product = { id: string; number: number };

export type Filled = {
  email: string;
  password: string;
  company: string;
  /** One to look at: it has a note, interactions and favorites. */
  shown: Customer;
};

const atOnce = 8;
const customerCount = 200;

/**
 * Fills a running street through its public API: a new company and everything in it.
 * @param step told of each step that is done
 */
export async function fill(url: string, step: (line: string) => void): Promise<Filled> {
  const suffix = randomBytes(4).toString('hex');
  const email = `vera.demo-${suffix}@example.com`;
  const password = `demo-${randomBytes(9).toString('hex')}`;
  const company = `Bluebird Coffee ${suffix}`;
  const open = demoClient(url);
  await open('POST', '/auth/register', { email, password, name: 'Vera Kestrel', company_name: company });
  const { access_token } = await open('POST', '/auth/login', { email, password });
  const send = demoClient(url, String(access_token));
  step(`signed up ${email} with a company, ${company}`);

  const customers = await eachOf(demoCustomers(customerCount), atOnce, async (given) => {
    const { customer } = await send('POST', '/api/customers', given);
    return customer as Customer;
  });
  step(`${customers.length} customers, some with tags`);

  const noted = customers.flatMap(({ id }, at) => noteOf(at).map((content) => ({ id, content })));
  await eachOf(noted, atOnce, ({ id, content }) => send('POST', `/api/customers/${id}/notes`, { content }));
  step(`${noted.length} notes`);

  const products = await eachOf(demoProducts, atOnce, async (given) => {
    const { product } = await send('POST', '/api/products', given);
    return product as Product;
  });
  step(`${products.length} products and services`);

  const now = new Date();
  const interactions = customers.flatMap(({ id }, at) => interactionsOf(at, now).map((given) => ({ id, given })));
  await eachOf(interactions, atOnce, ({ id, given }) => send('POST', `/api/customers/${id}/interactions`, given));
  step(`${interactions.length} interactions`);

  const favorites = customers.flatMap(({ number }, at) =>
    likedBy(at).map((liked) => ({ user_id: number, item_id: products[liked]?.number })),
  );
  await eachOf(favorites, atOnce, (given) => send('POST', '/api/favorites', given));
  step(`${favorites.length} favorites`);

  return { email, password, company, shown: customers[shownAt] as Customer };
}

const shownAt = 71; // the second Jürgen: tagged, a note, three interactions, two favorites

/** Which products the customer at this place likes: none, one or two different ones. */
function likedBy(at: number): number[] {
  const first = (at * 5) % demoProducts.length;
  return [first, (first + 1 + (at % 4)) % demoProducts.length].slice(0, at % 3);
}
