import { randomUUID } from 'node:crypto';
import { serviceTest } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(createTestCustomer);

describe('the timeline of a customer', () => {
  test('lists notes and status changes newest first, page by page', async ({ service }) => {
    const company = service.company();
    const manager = service.user('manager', company);
    const interaction = service.callingService('interaction', company);
    const { id } = (await manager.post('/api/customers', { full_name: 'Timed' }).expect(201)).body.customer;
    const at = `/api/customers/${id}`;
    await manager.post(`${at}/notes`, { content: 'First' }).expect(201);
    await manager.patch(`${at}/status`, { status: 'suspended', reason: 'Unpaid' }).expect(200);
    await manager.patch(at, { gender: 'female' }).expect(200);
    await manager.post(`${at}/notes`, { content: 'Second' }).expect(201);
    await manager.delete(at).expect(200);
    await manager.patch(`${at}/activate`).expect(200);

    const path = `/internal/customers/${id}/timeline`;
    const { items } = (await interaction.get(path).expect(200)).body as {
      items: { id: string; at: string; kind: string }[];
    };
    const actor_id = manager.user_id;
    expect(items).toMatchObject([
      { kind: 'status_change', actor_id, from: 'deleted', to: 'active', reason: null },
      { kind: 'status_change', actor_id, from: 'suspended', to: 'deleted', reason: null },
      { kind: 'note', actor_id, content: 'Second' },
      { kind: 'status_change', actor_id, from: 'active', to: 'suspended', reason: 'Unpaid' },
      { kind: 'note', actor_id, content: 'First' },
    ]);

    const pages: unknown[] = [];
    for (let before = ''; pages.length < items.length;) {
      const page = (await interaction.get(`${path}?limit=2${before}`).expect(200)).body.items as typeof items;
      expect(page.length).toBeGreaterThan(0);
      pages.push(...page);
      before = `&before=${encodeURIComponent(`${page.at(-1)?.at},${page.at(-1)?.id}`)}`;
    }
    expect(pages).toEqual(items);
  });

  test('is available to the interaction service only, within its company', async ({ service }) => {
    const company = service.company();
    const admin = service.user('admin', company);
    const { id } = (await admin.post('/api/customers', { full_name: 'Someone' }).expect(201)).body.customer;
    const path = `/internal/customers/${id}/timeline`;
    const interaction = service.callingService('interaction', company);
    expect((await interaction.get(path).expect(200)).body).toEqual({ items: [] });
    await service.callingService('interaction', service.company()).get(path).expect(404);
    await interaction.get(`/internal/customers/${randomUUID()}/timeline`).expect(404);
    await service.callingService('favorites', company).get(path).expect(403);
    await admin.get(path).expect(403);
    for (const query of ['limit=0', 'limit=102', 'before=yesterday', 'before=2026-01-01T00:00:00Z', 'after=1'])
      await interaction.get(`${path}?${query}`).expect(422);
  });
});
