import { randomUUID } from 'node:crypto';
import { databaseBefore } from '@clientela/testing';
import { expect, test } from 'vitest';
import { searchColumns } from './search.ts';

const unnamed = { firstname: null, lastname: null, email: null, phone: null, document_number: null };
const bar = (name: string) =>
  [...name.normalize('NFKD')]
    .map((letter) => `|${(letter.codePointAt(0) ?? 0).toString(16).padStart(6, '0')}`)
    .join('');

test('stored search texts get the new form of letters of other scripts, and labels their new order', async () => {
  const database = await databaseBefore('customer', 'customer-0003_name_order.sql');
  const { owner } = database;
  try {
    const company_id = randomUUID();
    const defaults = { company_id, full_name_built: false, preferences: '{}' };
    const wang = bar('王小明');
    // The texts as they were written before.
    const stored = [
      ['Ana |Güell', {}, '\n ana |guell \n'],
      ['김민준', { phone: '+40711001100' }, `\n ${bar('김민준')} \n +40711001100 \n 40711001100 \n 0711001100 \n`],
      ['王小明 (VIP)', {}, `\n ${wang} (vip) \n ${wang.replaceAll('|', ' ').trim()} vip \n`],
      [
        '王-明',
        { email: '王@example.com' },
        `\n ${bar('王')}-${bar('明')} \n ${bar('王')}@example.com \n 00738b 00660e \n 00738b example com \n`,
      ],
    ] as const;
    for (const [full_name, values, search_text] of stored)
      await owner('customers').insert({ ...defaults, ...values, full_name, search_text, id: randomUUID() });
    const id = randomUUID();
    await owner('customers').insert({
      ...defaults,
      id,
      full_name: 'Tagged',
      search_text: '',
      tags: ['Zoo', 'bar', 'first'],
    });
    for (const [label, priority] of [
      ['Zoo', 0],
      ['bar', 0],
      ['first', -1],
    ] as const)
      await owner('customer_tags').insert({
        company_id,
        id: randomUUID(),
        customer_id: id,
        label,
        priority,
        created_by: 'x',
      });

    await database.migrate();
    for (const [full_name, values, before] of stored) {
      const row = await owner('customers').where({ full_name }).first();
      expect(row.search_text).toBe(searchColumns({ ...unnamed, full_name, ...values }).search_text);
      expect([full_name, row.search_text === before]).toEqual([full_name, full_name.startsWith('Ana')]);
    }
    expect((await owner('customers').where({ id }).first()).tags).toEqual(['bar', 'Zoo', 'first']);
    expect(await database.migrate()).toEqual([]);
  } finally {
    await database.drop();
  }
});
