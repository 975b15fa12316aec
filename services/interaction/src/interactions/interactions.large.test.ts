import { randomUUID } from 'node:crypto';
import { digitsOfLetters, serviceTest, testAllCases } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestInteraction } from '../testing/test-interaction.ts';

const test = serviceTest(createTestInteraction);

test('does not find letters of other scripts by digits or Latin letters', async ({ service, admin }) => {
  const id = randomUUID();
  const path = `/api/customers/${id}/interactions`;
  service.customers.respond(() => ({ status: 200, body: { id, number: 10_000_000, deleted: false } }));
  await admin.post(path, { type: 'call', notes: '김민준, 王小明', category: 'สมชาย محمد' }).expect(201);
  for (const search of digitsOfLetters('김민준', '王小明', 'สมชาย', 'محمد'))
    expect([search, (await admin.get(`${path}?search=${search}`).expect(200)).body.total]).toEqual([search, 0]);
});

// The suite of interactions again, with every malformed value.
testAllCases();
await import('./interactions.test.ts');
