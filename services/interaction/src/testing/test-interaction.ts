import { randomBytes } from 'node:crypto';
import { createCursors } from '@clientela/http';
import { stubServer, testService, type StubServer, type TestService } from '@clientela/testing';
import { createApp } from '../app.ts';
import { createCustomerClient, createTimelineNotesClient, type CustomerClient } from '../customers/customer-client.ts';
import { createProductClient } from '../products/product-client.ts';

type Options = Parameters<typeof testService>[2] & {
  /** Wraps the client of the customer service, for example to delay it. */
  wrapCustomerClient?: (client: CustomerClient) => CustomerClient;
};

export type TestInteraction = TestService & { customers: StubServer; products: StubServer };

/** The customer service's response for a path. */
export const customerResponse = (path: string, deleted = false) => ({
  status: 200,
  body: { id: path.split('/').at(-1), number: 10_000_000, deleted },
});

/** Creates the interaction service on its own database, with a stub customer service that knows every customer and a stub product service
 * that knows no product. */
export async function createTestInteraction({
  wrapCustomerClient,
  ...options
}: Options = {}): Promise<TestInteraction> {
  const customers = await stubServer('customer');
  const products = await stubServer('product');
  customers.respond((path) => customerResponse(path));
  const client = createCustomerClient(customers.client);
  const service = await testService(
    'interaction',
    (parts) =>
      createApp({
        ...parts,
        customers: wrapCustomerClient?.(client) ?? client,
        notes: createTimelineNotesClient(customers.client),
        products: createProductClient(products.client),
        cursors: createCursors(randomBytes(32).toString('base64url')),
      }),
    options,
  );
  const close = async () => {
    await service.close();
    await Promise.all([customers.close(), products.close()]);
  };
  return { ...service, customers, products, close };
}
