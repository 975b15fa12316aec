import type { Service } from '@clientela/fleet';
import { expect } from 'vitest';
import type { Client, TestFleet, TestResponse } from './test-fleet.ts';

/** A route of each service. */
export const routesOf = (admin: Client): Record<Service, () => Promise<TestResponse>> => ({
  auth: () => admin.get('/auth/me'),
  customer: () => admin.get('/api/customers'),
  interaction: () => admin.get('/api/interaction-types'),
  product: () => admin.get('/api/products'),
  favorites: () => admin.get('/rest/v1/favorites'),
});

/** Kills a service: its own routes return 503 with Retry-After, those of others work, and it is restarted with what was written. */
export async function checkKilledService(fleet: TestFleet, admin: Client, service: Service): Promise<void> {
  const routes = routesOf(admin);
  const body = { full_name: `Written before ${service} is killed` };
  const { customer } = (await admin.post('/api/customers', body)).body;
  const before = fleet.pid(service);
  // Suspended first, so that the other services can be checked however fast it is restarted.
  fleet.kill(service, 'SIGSTOP');
  try {
    const others = (Object.keys(routes) as Service[]).filter((other) => other !== service);
    for (const other of others) expect((await routes[other]()).status, other).toBe(200);
  } finally {
    fleet.kill(service, 'SIGKILL');
  }

  const seen: TestResponse[] = [];
  const ask = async () => {
    const response = await routes[service]();
    seen.push(response);
    return response.status;
  };
  await expect.poll(ask, { timeout: 45_000, interval: 50 }).toBe(200);
  for (const { status, headers, body: problem } of seen.slice(0, -1)) {
    expect([502, 503], JSON.stringify(problem)).toContain(status);
    expect(problem).toMatchObject({ error_code: 'SERVICE_UNAVAILABLE', detail: expect.stringContaining(service) });
    if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect(fleet.pid(service)).not.toBe(before);
  expect((await admin.get(`/api/customers/${customer.id}`)).body.customer).toEqual(customer);
}
