import { digitsOfLetters, serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(createTestCustomer);

const path = '/api/customers';

test('does not find letters of other scripts by digits or Latin letters', async ({ admin }) => {
  for (const full_name of ['김민준', '王小明 (VIP)', 'สมชาย', 'محمد'])
    await admin.post(path, { full_name }).expect(201);
  for (const search of digitsOfLetters('김민준', '王小明', 'สมชาย', 'محمد')) {
    expect([search, (await admin.get(`${path}?search=${search}`).expect(200)).body.total]).toEqual([search, 0]);
    expect([search, (await admin.get(`${path}/search?q=${search}`).expect(200)).body.total]).toEqual([search, 0]);
  }
});
