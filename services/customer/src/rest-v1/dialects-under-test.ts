import type { TestUser, Company, TestService } from '@clientela/testing';
import { customerUnderTest } from '../customer-under-test.ts';

export const path = '/rest/v1/customers';
export const plain = '/api/customers';

let last = 9_020_000_000;
/** A phone that nobody has yet, as vApteke writes it. */
export const fresh = () => `7${(last += 1)}`;

export const faultsOf = ({ body }: { body: { errors: { path: string }[] } }) =>
  body.errors.map((fault) => fault.path).toSorted();

export type Dialects = {
  service: TestService;
  company: Company;
  admin: TestUser;
  /** A customer by `/rest/v1`, as it answers one. */
  made: (body?: object, caller?: TestUser) => Promise<{ id: number; phone: string } & Record<string, unknown>>;
  /** A customer by `/api/customers`, and how it reads there. */
  plainly: (body: object, caller?: TestUser) => Promise<Record<string, unknown> & { id: string; number: number }>;
  plainlyRead: (number: number, caller?: TestUser) => Promise<Record<string, unknown> & { id: string; number: number }>;
};

/** A customer service with a company, spoken to in both dialects. */
export async function dialectsUnderTest(): Promise<Dialects> {
  const service = await customerUnderTest();
  const company = service.company({ country: 'RU', currency: 'RUB' });
  const admin = service.user('admin', company);
  return {
    service,
    company,
    admin,
    made: async (body = {}, caller = admin) => (await caller.post(path, { phone: fresh(), ...body }).expect(201)).body,
    plainly: async (body, caller = admin) => (await caller.post(plain, body).expect(201)).body.customer,
    plainlyRead: async (number, caller = admin) => {
      const { id } = await service.database.owner('customers').where({ company_id: caller.company_id, number }).first();
      return (await caller.get(`${plain}/${id}`).expect(200)).body.customer;
    },
  };
}
