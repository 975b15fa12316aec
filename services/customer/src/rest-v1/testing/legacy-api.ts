import type { TestUser, Company, TestService } from '@clientela/testing';
import { createTestCustomer } from '../../testing/test-customer.ts';

export const legacyPath = '/rest/v1/customers';
export const customersPath = '/api/customers';

let lastPhone = 9_020_000_000;
/** Returns an unused phone, with its country code and without a plus. */
export const nextPhone = () => `7${(lastPhone += 1)}`;

export const errorPaths = ({ body }: { body: { errors: { path: string }[] } }) =>
  body.errors.map(({ path }) => path).toSorted();

type CustomerBody = Record<string, unknown> & { id: string; number: number };

export type LegacyApi = {
  service: TestService;
  company: Company;
  admin: TestUser;
  /** Creates a customer by `/rest/v1` and returns the response body. */
  createLegacy: (body?: object, user?: TestUser) => Promise<{ id: number; phone: string } & Record<string, unknown>>;
  /** Creates a customer by `/api/customers`. */
  createCustomer: (body: object, user?: TestUser) => Promise<CustomerBody>;
  /** Reads a customer by `/api/customers`. */
  readCustomer: (number: number, user?: TestUser) => Promise<CustomerBody>;
};

/** Starts a customer service with one company, for tests that call the legacy and the current API. */
export async function createTestLegacyApi(): Promise<LegacyApi> {
  const service = await createTestCustomer();
  const company = service.company({ country: 'RU', currency: 'RUB' });
  const admin = service.user('admin', company);
  return {
    service,
    company,
    admin,
    createLegacy: async (body = {}, user = admin) =>
      (await user.post(legacyPath, { phone: nextPhone(), ...body }).expect(201)).body,
    createCustomer: async (body, user = admin) => (await user.post(customersPath, body).expect(201)).body.customer,
    readCustomer: async (number, user = admin) => {
      const { id } = await service.database.owner('customers').where({ company_id: user.company_id, number }).first();
      return (await user.get(`${customersPath}/${id}`).expect(200)).body.customer;
    },
  };
}
