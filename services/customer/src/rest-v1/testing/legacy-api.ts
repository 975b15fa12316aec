import type { TestUser, Company, TestService } from '@clientela/testing';
import { createTestCustomer } from '../../testing/test-customer.ts';

export const legacyPath = '/rest/v1/customers';
export const customersPath = '/api/customers';

let last = 9_020_000_000;
/** A phone that nobody has yet, as vApteke writes it. */
export const nextPhone = () => `7${(last += 1)}`;

export const errorPaths = ({ body }: { body: { errors: { legacyPath: string }[] } }) =>
  body.errors.map((fault) => fault.legacyPath).toSorted();

export type LegacyApi = {
  service: TestService;
  company: Company;
  admin: TestUser;
  /** A customer by `/rest/v1`, as it answers one. */
  createLegacy: (body?: object, caller?: TestUser) => Promise<{ id: number; phone: string } & Record<string, unknown>>;
  /** A customer by `/api/customers`, and how it reads there. */
  createCustomer: (
    body: object,
    caller?: TestUser,
  ) => Promise<Record<string, unknown> & { id: string; number: number }>;
  readCustomer: (
    number: number,
    caller?: TestUser,
  ) => Promise<Record<string, unknown> & { id: string; number: number }>;
};

/** A customer service with a company, spoken to in both dialects. */
export async function createTestLegacyApi(): Promise<LegacyApi> {
  const service = await createTestCustomer();
  const company = service.company({ country: 'RU', currency: 'RUB' });
  const admin = service.user('admin', company);
  return {
    service,
    company,
    admin,
    createLegacy: async (body = {}, caller = admin) =>
      (await caller.post(legacyPath, { phone: nextPhone(), ...body }).expect(201)).body,
    createCustomer: async (body, caller = admin) => (await caller.post(customersPath, body).expect(201)).body.customer,
    readCustomer: async (number, caller = admin) => {
      const { id } = await service.database.owner('customers').where({ company_id: caller.company_id, number }).first();
      return (await caller.get(`${customersPath}/${id}`).expect(200)).body.customer;
    },
  };
}
