import { randomUUID } from 'node:crypto';
import { stubServer, testService, type StubServer, type TestService } from '@clientela/testing';
import { createApp } from './app.ts';
import { ownLookup, pairLookup } from './favorites/lookup.ts';

export type FavoritesUnderTest = {
  service: TestService;
  customers: StubServer;
  products: StubServer;
  /** Both stand-ins know every number that they are asked for, and no user, until a test says otherwise. */
  knowing: () => void;
  /** Stands for a record of that number: the same id each time. */
  idOf: (path: string) => string;
  close: () => Promise<void>;
};

const numberOf = (path: string) => Number(path.split('/').at(-1));

/** The favorites service on a database of its own, beside small servers in the place of the services that it asks. */
export async function favoritesUnderTest(options: { pool?: number } = {}): Promise<FavoritesUnderTest> {
  const customers = await stubServer('customer');
  const products = await stubServer('product');
  const service = await testService(
    'favorites',
    (parts) =>
      createApp({ ...parts, pairs: pairLookup(customers.client, products.client), own: ownLookup(customers.client) }),
    options,
  );
  const ids = new Map<string, string>();
  const idOf = (path: string) => {
    const id = ids.get(path) ?? randomUUID();
    ids.set(path, id);
    return id;
  };
  return {
    service,
    customers,
    products,
    knowing: () => {
      customers.answer((path) =>
        path.startsWith('/internal/customers/')
          ? { status: 200, body: { id: idOf(path), number: numberOf(path), deleted: false } }
          : { status: 404 },
      );
      products.answer((path) => ({ status: 200, body: { id: idOf(path), number: numberOf(path), is_active: true } }));
    },
    idOf,
    close: async () => {
      await service.close();
      await customers.close();
      await products.close();
    },
  };
}
