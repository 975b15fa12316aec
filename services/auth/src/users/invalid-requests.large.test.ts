import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { sendHostileValues } from '../testing/hostile-requests.ts';
import { createTestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth);

test('hostile values in any field never cause a server error', async ({ service }) => {
  const { failed, sent } = await sendHostileValues(service, () => true);
  expect(failed).toEqual([]);
  expect(sent).toBeGreaterThan(900);
});
