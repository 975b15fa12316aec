import { digitsOfLetters, serviceTest, testService } from '@clientela/testing';
import { expect } from 'vitest';
import { createApp } from '../app.ts';

const test = serviceTest(() => testService('product', createApp));

test('does not find letters of other scripts by digits or Latin letters', async ({ admin }) => {
  for (const name of ['김민준', '王小明 44', 'สมชาย'])
    await admin.post('/api/products', { name, description: 'محمد', price: 1 }).expect(201);
  for (const search of digitsOfLetters('김민준', '王小明', 'สมชาย', 'محمد'))
    expect([search, (await admin.get(`/api/products?search=${search}`).expect(200)).body.total]).toEqual([search, 0]);
});
