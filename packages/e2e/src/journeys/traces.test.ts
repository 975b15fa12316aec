import { randomBytes } from 'node:crypto';
import type { ReceivedSpan } from '@clientela/testing';
import { expect } from 'vitest';
import { fleetTest as test, newCompany } from '../testing/test-fleet.ts';

/** The spans that are reached from one of them by parents and links. */
function treeOf(spans: readonly ReceivedSpan[], root: string): ReceivedSpan[] {
  const reached = new Set([root]);
  for (let size = 0; size < reached.size;) {
    size = reached.size;
    for (const { id, parentId, links } of spans)
      if (reached.has(parentId) || links.some(({ spanId }) => reached.has(spanId))) reached.add(id);
  }
  return spans.filter(({ id }) => reached.has(id));
}

test('one request is one trace over gateway, interaction, customer, PostgreSQL and its event’s subscribers; no personal value is in it', async ({
  configuredFleet: fleet,
  traces,
}) => {
  const admin = await newCompany(fleet.url);
  const [traceId, caller] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  const headers = { traceparent: `00-${traceId}-${caller}-01` };
  const canaries = ['CanaryFirst', 'CanaryLast', 'canary@example.org', '+34600123987', 'CanaryNote', 'CanarySearch'];
  const person = {
    firstname: 'CanaryFirst',
    lastname: 'CanaryLast',
    email: 'canary@example.org',
    phone: '+34600123987',
  };
  const { customer } = (await admin.post('/api/customers', person, headers)).body;
  const path = `/api/customers/${customer.id}/interactions`;
  expect((await admin.post(path, { notes: 'CanaryNote', type: 'call' }, headers)).status).toBe(201);
  await admin.get(`/api/customers?search=CanarySearch`, headers);
  await admin.get(`/api/customers/CanarySearch?company_id=CanarySearch`, headers);

  const ofTrace = () => traces.spans.filter((span) => span.traceId === traceId);
  const route = 'POST /api/customers/{customer_id}/interactions';
  const treeOfRequest = () => {
    const root = ofTrace().find(({ service, name }) => service === 'gateway' && name === route);
    const label = ({ service, kind, name, attributes }: ReceivedSpan) =>
      attributes['db.system.name'] === 'postgresql' ? `${service} statement` : `${service} ${kind} ${name}`;
    return root ? treeOf(ofTrace(), root.id).map(label) : [];
  };
  await expect
    .poll(treeOfRequest)
    .toEqual(
      expect.arrayContaining([
        `gateway server ${route}`,
        'gateway client POST interaction',
        `interaction server ${route}`,
        'interaction client GET /internal/customers/{id}',
        'customer server GET /internal/customers/{key}',
        'customer statement',
        'interaction internal transaction',
        'interaction statement',
        'interaction producer send interaction.recorded',
        'customer consumer process interaction.recorded',
        'auth consumer process interaction.recorded',
        'auth statement',
      ]),
    );
  const root = ofTrace().find(({ service, name }) => service === 'gateway' && name === route);
  expect(root?.parentId).toBe(caller);
  const bytes = traces.bytes();
  expect(canaries.filter((canary) => bytes.includes(canary))).toEqual([]);
});
