import { randomBytes } from 'node:crypto';
import { drawAvatar } from './avatars.ts';
import type { Backdate } from './backdate.ts';
import { DemoError, demoClient, mapConcurrently, type Send } from './client.ts';
import { customerSince, demoCustomers, type DemoCustomer } from './customers.ts';
import { interactionsOf } from './interactions.ts';
import { noteOf } from './notes.ts';
import { ordersOf } from './orders.ts';
import { demoProducts } from './products.ts';
import { textsIn, type Texts } from './texts.ts';

type Customer = { id: string; number: number };
type Product = { id: string; number: number };

export type DemoSummary = {
  email: string;
  password: string;
  company: string;
  /** A customer with a note, interactions and favorites. */
  customer: Customer;
};

const concurrency = 12;
const customerCount = 2000;
const batchSize = 200;

/** Who records what, as in a company: people talk to customers, other systems report orders. Each has its own rate limit. */
const colleagues = [
  { first_name: 'Otto', last_name: 'Heron', role: 'manager' },
  { first_name: 'Inês', last_name: 'Garça', role: 'manager' },
  { first_name: 'Даша', last_name: 'Чайка', role: 'manager' },
  { first_name: '翔', last_name: '鶴田', role: 'manager' },
] as const;
const systems = ['Web shop', 'Point of sale', 'Wholesale portal', 'Subscriptions', 'Marketplace', 'Mobile app'];

/**
 * Creates a company with two years of demo data through the public API of a running fleet.
 * @param onProgress called with each completed step
 * @param backdate omitted where the databases cannot be reached: then all customers came today
 */
export async function createDemoData(
  url: string,
  onProgress: (line: string) => void,
  backdate?: Backdate,
): Promise<DemoSummary> {
  const suffix = randomBytes(4).toString('hex');
  const email = `vera.demo-${suffix}@example.com`;
  const password = `demo-${randomBytes(9).toString('hex')}`;
  const company = `Bluebird Coffee ${suffix}`;
  const anonymous = demoClient(url);
  await anonymous('POST', '/auth/register', { email, password, name: 'Vera Kestrel', company_name: company });
  const { access_token, user } = await anonymous('POST', '/auth/login', { email, password });
  const send = demoClient(url, String(access_token));
  onProgress(`signed up ${email} with a company, ${company}`);
  const people = [send, ...(await addColleagues(url, send, suffix))];
  const machines = await addSystems(url, send);
  onProgress(`${people.length - 1} colleagues, and API keys of ${machines.length} systems`);

  const records = demoCustomers(customerCount);
  const customers = await createCustomers(send, records);
  onProgress(`${customers.length} customers, some with tags`);

  const products = await mapConcurrently(demoProducts, concurrency, async (body) => {
    const { product } = await send('POST', '/api/products', body);
    return product as Product;
  });
  onProgress(`${products.length} products and services`);

  const now = new Date();
  const times = customers.map((_, index) => ({ since: customerSince(index, now), now }));
  const orders = customers.flatMap(({ id }, index) =>
    ordersOf(index, times[index]!).map((order) => ({ id, order, index })),
  );
  // Those of one customer are sent one after the other, so that a refund finds its order.
  await mapConcurrently(
    Map.groupBy(orders, ({ id }) => id)
      .values()
      .toArray(),
    concurrency,
    async (ofCustomer) => {
      for (const { id, index, order } of ofCustomer) {
        const { product, ...body } = order;
        const machine = machines[index % machines.length] as Send;
        await machine('POST', `/api/customers/${id}/transactions`, { ...body, product_id: products[product]?.id });
      }
    },
  );
  onProgress(`${orders.length} orders and refunds`);

  const texts = records.map(({ preferences }) => textsIn((preferences as { language: string }).language));
  const entries = customers.flatMap(({ id }, index) => {
    const ofCustomer = texts[index] as Texts;
    return [
      ...noteOf(index, ofCustomer).map((content) => ({ path: `/api/customers/${id}/notes`, body: { content } })),
      ...interactionsOf(index, ofCustomer, times[index]!).map((body) => ({
        path: `/api/customers/${id}/interactions`,
        body,
      })),
    ];
  });
  await mapConcurrently(entries, concurrency, ({ path, body }, index) =>
    (people[index % people.length] as Send)('POST', path, body),
  );
  const notes = entries.filter(({ path }) => path.endsWith('/notes')).length;
  onProgress(`${notes} notes, ${entries.length - notes} calls, appointments, complaints and other interactions`);

  const pictures = Array.from({ length: 40 }, (_, seed) => new Blob([drawAvatar(seed)], { type: 'image/png' }));
  const portraits = customers.flatMap(({ id }, index) =>
    index % 8 === 3 ? [{ id, seed: ((index >> 3) * 2 + Number(records[index]?.['gender'] === 'male')) % 40 }] : [],
  );
  await mapConcurrently(portraits, concurrency, ({ id, seed }, index) => {
    const form = new FormData();
    form.set('file', pictures[seed]!, 'avatar.png');
    return (people[index % people.length] as Send)('POST', `/api/customers/${id}/avatar`, form);
  });
  onProgress(`${portraits.length} avatars`);

  const favorites = customers.flatMap(({ number }, index) =>
    favoritesOf(index).map((liked) => ({ user_id: number, item_id: products[liked]?.number })),
  );
  await mapConcurrently(favorites, concurrency, (body, index) =>
    (machines[index % machines.length] as Send)('POST', '/api/favorites', body),
  );
  onProgress(`${favorites.length} favorites`);

  const { business_id } = user as { business_id: string };
  const arrivals = customers.map(({ id }, index) => ({ id, since: times[index]!.since }));
  const isBackdated = await backdate?.(business_id, arrivals, now);
  if (isBackdated) onProgress('moved each customer to when it came, in the course of two years');
  else onProgress('all customers came today: only the machine of the databases can move them to earlier days');
  return { email, password, company, customer: customers[exampleIndex] as Customer };
}

/** Creates customers in batches. @returns them in the order of the bodies */
async function createCustomers(send: Send, bodies: readonly DemoCustomer[]): Promise<Customer[]> {
  const starts = Array.from({ length: Math.ceil(bodies.length / batchSize) }, (_, index) => index * batchSize);
  const batches = await mapConcurrently(starts, 2, async (start) => {
    const operations = bodies.slice(start, start + batchSize).map((data) => ({ op: 'create', data }));
    const { results } = (await send('POST', '/api/customers/batch', { operations })) as { results: BatchResult[] };
    return results.map(({ customer, error }) => {
      if (!customer) throw new DemoError(`A customer was rejected: ${JSON.stringify(error)}`);
      return customer;
    });
  });
  return batches.flat();
}

type BatchResult = { customer?: Customer; error?: object };

async function addColleagues(url: string, send: Send, suffix: string): Promise<Send[]> {
  return mapConcurrently(colleagues, 2, async (colleague, index) => {
    const password = `demo-${randomBytes(9).toString('hex')}`;
    const email = `colleague${index + 1}.demo-${suffix}@example.com`;
    await send('POST', '/api/v1/users', { ...colleague, email, password, username: `colleague${index + 1}-${suffix}` });
    const { access_token } = await demoClient(url)('POST', '/auth/login', { email, password });
    return demoClient(url, String(access_token));
  });
}

async function addSystems(url: string, send: Send): Promise<Send[]> {
  return mapConcurrently(systems, 2, async (name) => {
    const { key } = await send('POST', '/api/v1/api-keys', { name, role: 'manager' });
    return demoClient(url, String(key));
  });
}

const exampleIndex = 131; // the second Jürgen: two tags, a note, three interactions, five orders, two favorites

/** Indexes of a customer's favorite products: every eighth customer has two different ones. */
function favoritesOf(index: number): number[] {
  const first = (index * 5) % demoProducts.length;
  return [first, (first + 1 + (index % 4)) % demoProducts.length].slice(0, index % 8 === 3 ? 2 : 0);
}
