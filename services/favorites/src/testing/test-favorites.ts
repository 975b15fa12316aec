import { randomUUID } from 'node:crypto';
import { stubServer, testService, type StubServer, type TestService } from '@clientela/testing';
import { createApp } from '../app.ts';
import { createOwnCustomerClient, createCustomerAndProductClient } from '../favorites/peer-clients.ts';

export type TestFavorites = {
  service: TestService;
  customers: StubServer;
  products: StubServer;
  /** Makes both stub servers return a record for every number, and no user profile. */
  stubKnownRecords: () => void;
  /** The id that the stub servers return for a path, the same at each call. */
  idOf: (path: string) => string;
  close: () => Promise<void>;
};

const numberOf = (path: string) => Number(path.split('/').at(-1));

/** Creates the favorites service on its own database, with stub servers for the services that it calls. */
export async function createTestFavorites(options: { pool?: number } = {}): Promise<TestFavorites> {
  const customers = await stubServer('customer');
  const products = await stubServer('product');
  const service = await testService(
    'favorites',
    (parts) =>
      createApp({
        ...parts,
        fetchCustomerAndProduct: createCustomerAndProductClient(customers.client, products.client),
        fetchOwnCustomer: createOwnCustomerClient(customers.client),
      }),
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
    stubKnownRecords: () => {
      customers.respond((path) =>
        path.startsWith('/internal/customers/')
          ? { status: 200, body: { id: idOf(path), number: numberOf(path), deleted: false } }
          : { status: 404 },
      );
      products.respond((path) => ({ status: 200, body: { id: idOf(path), number: numberOf(path), is_active: true } }));
    },
    idOf,
    close: async () => {
      await service.close();
      await customers.close();
      await products.close();
    },
  };
}
