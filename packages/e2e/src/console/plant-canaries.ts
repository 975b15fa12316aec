import { expect } from 'vitest';
import { client, type TestResponse } from '../testing/test-fleet.ts';
import { password, type Staff } from './console-test.ts';

/** A canary as the value of a field, so that each field is found where it is shown. */
export const inField = (text: string, field: string, max = 255): string =>
  `${text.slice(0, max - field.length - 1)} ${field}`;

/** A screen that shows canaries, by its address, and all that it must show. */
export type PlantedScreen = {
  path: string;
  shown: string[];
  /** The name of the record, which the window has in its title. */
  name?: string;
};

/** @returns the body of a successful answer */
export const created = ({ status, body }: TestResponse): TestResponse['body'] => {
  expect([200, 201, 202], JSON.stringify(body)).toContain(status);
  return body;
};

/**
 * Writes canaries into every text of a company's records, one record of each kind a text.
 * @param options.isQuick whether one tab of each customer is enough; each tab gets its turn
 * @returns where they are shown
 */
export async function plantCanaries(
  url: string,
  staff: Staff,
  { texts, isQuick }: { texts: readonly string[]; isQuick: boolean },
): Promise<PlantedScreen[]> {
  // One text after the other: all at once are more than a service takes on a slow machine.
  const records: Awaited<ReturnType<typeof plantOne>>[] = [];
  for (const text of texts) records.push(await plantOne(staff, text));
  const of = (pick: (record: (typeof records)[number]) => string[]) => records.flatMap(pick);
  const agents = texts.filter((text) => /^[\x20-\x7e]*$/.test(text)).map((text) => `${text} me`);
  const credentials = { email: staff.email, password };
  for (const agent of agents) created(await client(url).post('/auth/login', credentials, { 'User-Agent': agent }));
  return [
    {
      path: '/console/customers',
      shown: of(({ customer }) => [customer.full_name, customer.address.city, ...customer.tags]),
    },
    ...records.flatMap(({ customer, tabs }, index) =>
      tabs
        .filter((_, tab) => !isQuick || tab === index % tabs.length)
        .map(({ tab, shown }) => ({
          path: `/console/customers/${customer.id}?tab=${tab}`,
          name: customer.full_name as string,
          shown: [
            ...['full_name', 'external_id'].map((field) => customer[field] as string),
            ...['line', 'city', 'state', 'zip_code', 'country'].map((field) => customer.address[field] as string),
            ...customer.tags,
            ...shown,
          ],
        })),
    ),
    { path: '/console/products', shown: of(({ product }) => [product.name, product.sku]) },
    ...records.map(({ product }) => ({
      path: `/console/products/${product.id}`,
      name: product.name as string,
      shown: [product.name, product.sku, product.description],
    })),
    { path: '/console/team', shown: of(({ user, invited }) => [`${user.first_name} ${user.last_name}`, invited]) },
    ...records.map(({ user }) => ({
      path: `/console/team/${user.id}`,
      name: `${user.first_name} ${user.last_name}`,
      shown: [`${user.first_name} ${user.last_name}`],
    })),
    { path: '/console/developers/keys', shown: of(({ key }) => [key]) },
    { path: '/console/me', shown: agents },
    // The log has names of people only: those who did something and those to whom it was done.
    {
      path: '/console/audit?action=user.registered',
      shown: of(({ user }) => [`${user.first_name} ${user.last_name}`]),
    },
    {
      path: '/console/audit?resource=customer',
      shown: [[staff.user.first_name, staff.user.last_name].filter(Boolean).join(' ')],
    },
  ];
}

/** One customer with everything that happened to it, one product, one person, one invitation, one API key. */
async function plantOne(staff: Staff, text: string) {
  const make = async (path: string, body: object) => created(await staff.post(path, body));
  const unique = crypto.randomUUID();
  const { product } = await make('/api/products', {
    name: inField(text, 'product'),
    sku: inField(text, 'sku', 100),
    description: inField(text, 'description'),
    price: '1.00',
  });
  const { customer } = await make('/api/customers', {
    full_name: inField(text, 'full'),
    firstname: inField(text, 'first'),
    lastname: inField(text, 'last'),
    external_id: inField(text, 'external', 100),
    address: {
      line: inField(text, 'line'),
      city: inField(text, 'city'),
      state: inField(text, 'state'),
      zip_code: inField(text, 'zip', 50),
      country: inField(text, 'country'),
    },
    tags: [inField(text, 'tag', 50)],
  });
  const path = `/api/customers/${customer.id}`;
  const { note } = await make(`${path}/notes`, { content: inField(text, 'note') });
  const category = inField(text, 'category', 50);
  const contact = inField(text, 'contact');
  const complaint = inField(text, 'complaint');
  await make(`${path}/interactions`, { type: 'call', notes: contact, category });
  await make(`${path}/interactions`, { type: 'complaint', notes: complaint, category });
  const order = { description: inField(text, 'bought'), order_id: inField(text, 'order', 100) };
  await make(`${path}/transactions`, { kind: 'order', direction: 'in', amount: '10.00', ...order });
  const reason = inField(text, 'reason');
  for (const status of ['inactive', 'active']) created(await staff.patch(`${path}/status`, { status, reason }));
  await make('/api/favorites', { user_id: customer.number, item_id: product.number });
  const user = await make('/api/v1/users', {
    email: `${unique}@example.com`,
    password,
    first_name: inField(text, 'given'),
    last_name: inField(text, 'family'),
    role: 'viewer',
  });
  const invited = inField(text, 'invited');
  await make('/api/v1/invitations', { email: `invited-${unique}@example.com`, role: 'viewer', name: invited });
  const key = inField(text, 'key', 100);
  await make('/api/v1/api-keys', { name: key, role: 'viewer' });
  return {
    customer,
    product,
    user,
    invited,
    key,
    tabs: [
      { tab: 'timeline', shown: [note.content, contact, complaint, reason] },
      { tab: 'interactions', shown: [contact, complaint, category] },
      { tab: 'transactions', shown: [order.description, order.order_id] },
      { tab: 'orders', shown: [order.order_id] },
      { tab: 'complaints', shown: [complaint, category] },
      { tab: 'notes', shown: [note.content] },
      { tab: 'favorites', shown: [product.name] },
      { tab: 'history', shown: [reason] },
      { tab: 'privacy', shown: [] },
    ],
  };
}
