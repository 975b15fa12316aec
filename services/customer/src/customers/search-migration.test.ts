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

test('a tag that is added while labels get their new order is kept', async () => {
  const database = await databaseBefore('customer', 'customer-0003_name_order.sql');
  const { owner } = database;
  try {
    const company_id = randomUUID();
    const ids = [randomUUID(), randomUUID()];
    const tag = (customer_id: string, label: string) => ({
      company_id,
      id: randomUUID(),
      customer_id,
      label,
      priority: 0,
      created_by: 'x',
    });
    for (const id of ids) {
      const defaults = { company_id, full_name_built: false, preferences: '{}', search_text: '' };
      await owner('customers').insert({ ...defaults, id, full_name: 'Tagged', tags: ['Zoo', 'bar'] });
      await owner('customer_tags').insert(['Zoo', 'bar'].map((label) => tag(id, label)));
    }
    // Stands for a request: the first customer that the migration writes makes the other get a tag.
    await owner.raw(`
      create function add_late_tag() returns trigger language plpgsql as $$
      begin
        if exists (select from customer_tags where label = 'late') then return new; end if;
        insert into customer_tags (company_id, id, customer_id, label, priority, created_by)
          select company_id, gen_random_uuid(), id, 'late', 0, 'x' from customers where id <> new.id;
        update customers set tags = tags || array['late'] where id <> new.id;
        return new;
      end $$;
      create trigger add_late_tag after update of tags on customers for each row execute function add_late_tag()`);
    await database.migrate();
    const labels: string[][] = await owner('customers').pluck('tags');
    expect(labels.toSorted((a, b) => a.length - b.length)).toEqual([
      ['bar', 'Zoo'],
      ['bar', 'late', 'Zoo'],
    ]);
  } finally {
    await database.drop();
  }
});
