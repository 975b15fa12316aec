import type { TestService, TestUser } from '@clientela/testing';

export const path = '/api/customers';

/** Creates a company with these customers. @returns its admin */
export const shopWith = async (service: TestService, ...customers: object[]): Promise<TestUser> => {
  const shop = service.user('admin', service.company({ country: 'RO' }));
  for (const body of customers) await shop.post(path, body).expect(201);
  return shop;
};
