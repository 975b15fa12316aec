import { expect, test } from 'vitest';
import { buildRecord } from './build-record.ts';
import type { Person } from './person.ts';

const options = { country: 'US', date_order: 'dmy' } as const;
const cell = (column: string, value: string) => ({ column, value });
const build = (person: Omit<Person, 'row'>, country = 'US') =>
  buildRecord({ row: 2, ...person }, { ...options, country });

test('builds a record from multi-valued parts; what has no field of its own is kept in metadata', () => {
  const record = build({
    full_name: cell('Name', 'Dr. Mara Elena Quill'),
    firstname: cell('Given Name', 'Mara'),
    middle_name: cell('Additional Name', 'Elena'),
    lastname: cell('Family Name', 'Quill'),
    organisation: cell('Organization', 'Quillworks'),
    emails: [
      { ...cell('E-mail 1', 'm@example.org'), preferred: false },
      { ...cell('E-mail 2', 'mara@example.com'), preferred: true },
    ],
    phones: [
      { ...cell('Phone 1', '+1 415 555 0133'), kind: 'work' },
      { ...cell('Phone 2', '(415) 555-0132'), kind: 'mobile' },
    ],
    addresses: [
      {
        lines: [cell('Street', '12 Elm St\nUnit 3'), cell('Street 2', '')],
        city: cell('City', 'Oakland'),
        zip_code: cell('Zip', "'94601"),
      },
    ],
    birthday: cell('Birthday', '1985-06-12'),
    gender: cell('Gender', 'Female'),
    tags: [cell('Groups', 'Clients ::: * myContacts')],
    notes: [cell('Notes', 'Prefers mornings.')],
    external_id: cell('ID', "'0017"),
    newsletter: cell('Accepts', 'yes'),
    others: [cell('Hobby', 'Chess'), cell('Web', 'a'), cell('Web', 'b'), cell('Empty', ' ')],
  });
  expect(record).toEqual({
    row: 2,
    fields: {
      full_name: 'Dr. Mara Elena Quill',
      firstname: 'Mara',
      lastname: 'Quill',
      email: 'mara@example.com',
      phone: '(415) 555-0132',
      birthday: '1985-06-12',
      gender: 'female',
      external_id: '0017',
      address: { line: '12 Elm St, Unit 3', city: 'Oakland', zip_code: '94601' },
      preferences: { newsletter: true },
      tags: ['Clients'],
      metadata: {
        emails: ['m@example.org'],
        phones: ['+14155550133'],
        company: 'Quillworks',
        Hobby: 'Chess',
        Web: ['a', 'b'],
      },
    },
    notes: ['Prefers mornings.'],
    remarks: [],
  });
});

test('takes the full name of the file, else one with the middle name, else the organisation', () => {
  const [firstname, middle_name, lastname] = [cell('a', 'Mara'), cell('b', 'Elena'), cell('c', 'Quill')];
  const organisation = cell('o', 'North Pier, Inc.');
  expect(build({ firstname, middle_name, lastname }).fields).toMatchObject({ full_name: 'Mara Elena Quill' });
  expect(build({ firstname, lastname, organisation }).fields).toEqual({
    firstname: 'Mara',
    lastname: 'Quill',
    metadata: { company: 'North Pier, Inc.' },
  });
  expect(build({ organisation }).fields).toEqual({ full_name: 'North Pier, Inc.' });
  expect(build({ full_name: cell('n', 'M. Q.'), middle_name }).fields).toEqual({
    full_name: 'M. Q.',
    metadata: { b: 'Elena' },
  });
});

test('leaves out what cannot be stored and names its column, never its value', () => {
  const record = build({
    firstname: cell('First', 'Card'),
    lastname: cell('Last', 'a\0b'),
    emails: [cell('E-mail', 'broken at example.com')],
    phones: [cell('Phone', '3,46123E+10')],
    birthday: cell('BDAY', 'not-a-date'),
    gender: cell('Sex', 'blue'),
    external_id: cell('ID', 'x'.repeat(101)),
    newsletter: cell('News', 'perhaps'),
    plain: { city_id: cell('City ID', '-1'), status: cell('Status', 'gone'), number: cell('No', 'A7') },
    others: [cell('__proto__', 'x'), cell('Other', 'a\ud800')],
  });
  expect(record.fields).toEqual({ firstname: 'Card' });
  expect(record.remarks.map(({ column }) => column).toSorted()).toEqual([
    'BDAY',
    'City ID',
    'E-mail',
    'ID',
    'Last',
    'News',
    'No',
    'Other',
    'Phone',
    'Sex',
    'Status',
    '__proto__',
  ]);
  expect(JSON.stringify(record.remarks)).not.toMatch(/broken at|E\+10|blue|perhaps|gone/);
});

test('a birthday without a year is kept as text', () => {
  const { fields, remarks } = build({ firstname: cell('a', 'Noor'), birthday: cell('BDAY', ' --05-17') });
  expect(fields).toEqual({ firstname: 'Noor', metadata: { birthday: '--05-17' } });
  expect(remarks).toEqual([{ column: 'BDAY', reason: 'has no year' }]);
});

test('a person without a name, e-mail and phone is a failure', () => {
  expect(build({ external_id: cell('ID', '153'), emails: [cell('E-mail', 'x')] })).toMatchObject({
    failure: { column: null },
    remarks: [{ column: 'E-mail' }],
  });
});

test('reads CPF and CNPJ from one column, with the zeros that a spreadsheet removed', () => {
  const name = { firstname: cell('Nome', 'João') };
  const documents = (value: string) => [{ ...cell('CPF/CNPJ', value), type: 'cpf_cnpj' }];
  const read = (value: string) => build({ ...name, documents: documents(value) }, 'BR');
  expect(read('529.982.247-25').fields).toMatchObject({ document_type: 'cpf', document_number: '52998224725' });
  expect(read('11.222.333/0001-81').fields).toMatchObject({ document_type: 'cnpj', document_number: '11222333000181' });
  expect(read('1234567890').fields).toMatchObject({ document_type: 'cpf', document_number: '01234567890' });
  expect(read('52998224726')).toMatchObject({
    fields: { firstname: 'João', metadata: { 'CPF/CNPJ': '52998224726' } },
    remarks: [{ column: 'CPF/CNPJ' }],
  });
});

test('opting out wins over newsletter; a fax is kept beside the phones', () => {
  const person = { firstname: cell('a', 'b'), newsletter: cell('n', 'yes'), unsubscribed: cell('u', 'true') };
  expect(build(person).fields).toMatchObject({ preferences: { newsletter: false } });
  expect(build({ ...person, unsubscribed: cell('u', 'false') }).fields).toMatchObject({
    preferences: { newsletter: true },
  });
  const fax = { ...cell('Business Fax', '020 7946 0102'), kind: 'fax' as const };
  expect(build({ firstname: cell('a', 'b'), phones: [fax] }, 'GB').fields).toEqual({
    firstname: 'b',
    metadata: { fax: ['+442079460102'] },
  });
});

test('bounds metadata by leaving out the largest values', () => {
  const record = build({
    firstname: cell('a', 'b'),
    others: [cell('small', 'x'), cell('large', 'y'.repeat(70_000)), cell('medium', 'z'.repeat(1000))],
  });
  expect(Object.keys(record.fields['metadata'] as object)).toEqual(['small', 'medium']);
  expect(record.remarks).toEqual([{ column: 'large', reason: 'does not fit into the metadata of a customer' }]);
});
