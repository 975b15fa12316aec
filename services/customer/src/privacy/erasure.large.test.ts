import { afterAll, beforeAll, expect, test } from 'vitest';
import { eraseDuringWrites } from './testing/erase-during-writes.ts';
import { createTestPrivacy, type TestPrivacy } from './testing/test-privacy.ts';

let privacy: TestPrivacy;

beforeAll(async () => {
  privacy = await createTestPrivacy();
});
afterAll(() => privacy.close());

test('concurrent writes to a customer leave no rows after its erasure', async () => {
  privacy.startWorker();
  const company = privacy.service.company();
  for (let round = 0; round < 5; round += 1) await eraseDuringWrites(privacy, company);
  expect(await privacy.service.database.owner('customers')).toEqual([]);
});
