import { randomBytes } from 'node:crypto';
import { createCursors } from '@clientela/http';
import { stubServer, testService, type StubServer, type TestService } from '@clientela/testing';
import { createApp } from '../app.ts';
import { customerLookup, noteLookup, type CustomerLookup } from '../customers/customer-client.ts';
import { productLookup } from '../products/product-client.ts';

type Options = Parameters<typeof testService>[2] & {
  /** Stands between the service and what it asks of customers. */
  asking?: (ask: CustomerLookup) => CustomerLookup;
};

export type InteractionUnderTest = TestService & { customers: StubServer; products: StubServer };

/** A customer as the customer service answers it, by the path that asks. */
export const customerAt = (path: string, deleted = false) => ({
  status: 200,
  body: { id: path.split('/').at(-1), number: 10_000_000, deleted },
});

/** The interaction service on a database of its own, beside a customer service that knows everybody and a product service that knows nothing. */
export async function interactionUnderTest({ asking, ...options }: Options = {}): Promise<InteractionUnderTest> {
  const customers = await stubServer('customer');
  const products = await stubServer('product');
  customers.respond((path) => customerAt(path));
  const ask = customerLookup(customers.client);
  const service = await testService(
    'interaction',
    (parts) =>
      createApp({
        ...parts,
        customers: asking?.(ask) ?? ask,
        notes: noteLookup(customers.client),
        products: productLookup(products.client),
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
