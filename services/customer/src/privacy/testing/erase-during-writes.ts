import { randomUUID } from 'node:crypto';
import type { Company } from '@clientela/testing';
import { expect } from 'vitest';
import type { TestPrivacy } from './test-privacy.ts';

/** Erases a customer during every kind of write to it: no row of the company is left. */
export async function eraseDuringWrites(privacy: TestPrivacy, company: Company): Promise<void> {
  const admin = privacy.service.user('admin', company);
  const customer = await privacy.newCustomer(admin);
  const at = `/api/customers/${customer.id}`;
  const writers = [
    () => admin.patch(at, { firstname: randomUUID() }),
    () => admin.post(`${at}/notes`, { content: 'Called' }),
    () => admin.post(`${at}/tags`, { label: randomUUID() }),
    () => admin.patch(`${at}/status`, { status: 'inactive', reason: 'Asked' }),
    () => admin.delete(at),
    () => admin.patch(`${at}/activate`),
  ];
  const written = Promise.all(writers.flatMap((write) => [write(), write()]));
  const { body } = await admin.post('/api/gdpr/delete?wait=true', { customer_id: customer.id }).expect(200);
  for (const { status } of await written) expect([200, 201, 404, 409, 503]).toContain(status);
  await privacy.untilDone(admin, body.request.id);
  for (const table of ['customers', 'customer_notes', 'customer_tags', 'customer_history', 'customer_counters']) {
    const rows = await privacy.service.database.owner(table).where({ company_id: company.id });
    expect(rows, table).toEqual([]);
  }
}
