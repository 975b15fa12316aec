import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test as plainTest } from 'vitest';
import { normalizePhone } from '@clientela/validation/phones';
import type { SourceRecord } from '../source-record.ts';
import { analyzeVcards, readVcards } from './read-vcards.ts';

/** Reads the records of a file with the given content. */
type Read = (content: string | Buffer, country?: string, encoding?: string) => Promise<SourceRecord[]>;

const test = plainTest.extend<{ folder: string; read: Read }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'vcards-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
  read: ({ folder }, use) =>
    use(async (content, country = 'US', encoding = 'utf-8') => {
      const path = join(folder, 'cards.vcf');
      await writeFile(path, content);
      return Array.fromAsync(readVcards(path, { encoding }, { country }));
    }),
});

const card = (...lines: string[]) => ['BEGIN:VCARD', 'VERSION:3.0', ...lines, 'END:VCARD', ''].join('\r\n');
const card21 = (...lines: string[]) => ['BEGIN:VCARD', 'VERSION:2.1', ...lines, 'END:VCARD', ''].join('\r\n');
const card40 = (...lines: string[]) => ['BEGIN:VCARD', 'VERSION:4.0', ...lines, 'END:VCARD', ''].join('\r\n');

type Expected = {
  row: string;
  phone?: string | null;
  birthday?: string | null;
  notes?: string;
  tags?: string[];
  also?: { emails?: string[]; phones?: string[]; company?: string };
  warning?: string;
} & Record<string, unknown>;

const samples = join(import.meta.dirname, '../testing/samples');

plainTest('reads every card of the Apple sample as expected', async () => {
  const path = join(samples, '05-apple-contacts-3.0.vcf');
  const all = JSON.parse(await readFile(join(samples, 'EXPECTED.json'), 'utf8')) as Record<
    string,
    { records: Expected[] }
  >;
  const expected = all['05-apple-contacts-3.0.vcf']?.records ?? [];
  const records = await Array.fromAsync(readVcards(path, { encoding: 'utf-8' }, { country: 'US' }));
  expect(records).toHaveLength(expected.length);
  for (const [index, { row, notes, tags, also, warning, why: _why, ...fields }] of expected.entries()) {
    const record = records[index] as SourceRecord;
    const phone = record.fields['phone'] as string | undefined;
    const built = [record.fields['firstname'], record.fields['lastname']].filter(Boolean).join(' ');
    const stored = {
      ...record.fields,
      full_name: record.fields['full_name'] ?? built,
      birthday: record.fields['birthday'] ?? null,
      ...(phone !== undefined && { phone: normalizePhone(phone, 'US') }),
    };
    expect(row).toBe(`card ${record.row}`);
    expect(stored).toMatchObject({ ...fields, ...(tags && { tags }) });
    expect(record.notes).toEqual(notes === undefined ? [] : [notes]);
    if (also) expect(record.fields['metadata']).toMatchObject(also);
    expect(record.remarks.length > 0).toBe(warning !== undefined);
    expect(record.failure).toBeUndefined();
  }
  expect(records[4]?.remarks.map(({ column }) => column)).toEqual(['EMAIL', 'BDAY']);
  expect(records[0]?.fields['metadata']).toEqual({
    emails: ['noor@kessler-vogt.example'],
    fax: ['+14155550151'],
    company: 'Kessler, Vogt & Co.',
    birthday: '--05-17',
    department: 'Research',
    NICKNAME: 'Nou',
    TITLE: 'Chemist',
    URL: 'HomePage: http://kessler-vogt.example',
  });
});

plainTest('lists the cards, properties and what is left behind of a file', async () => {
  const summary = await analyzeVcards(join(samples, '05-apple-contacts-3.0.vcf'), { encoding: 'utf-8' });
  expect(summary).toMatchObject({
    rows: 5,
    mapping: { FN: 'full_name', TEL: 'phone', NICKNAME: 'metadata.NICKNAME' },
    left_behind: ['PHOTO', 'PRODID', 'REV', 'VERSION', 'X-ABADR', 'X-ABLABEL', 'X-ABSHOWAS'],
    warnings: [],
  });
});

describe('vCard 2.1', () => {
  test('reads quoted-printable with soft line breaks, character sets and bare types', async ({ read }) => {
    const [record] = await read(
      card21(
        'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=D0=B2=D0=B0=D0=BD=D0=BE=D0=B2;=D0=9F=D1=91=',
        '=D1=82=D1=80;;;',
        'FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=9F=D1=91=D1=82=D1=80=20=D0=98=D0=B2=D0=B0=D0=BD=D0=BE=D0=B2',
        'TEL;HOME:8 495 000-30-05',
        'TEL;CELL;PREF:8 999 000-30-03',
        'TEL;WORK;FAX:8 495 000-30-06',
        'EMAIL;INTERNET;HOME:petr@example.com',
        'ADR;HOME;CHARSET=windows-1251;ENCODING=QUOTED-PRINTABLE:;;=F3=EB. =CB=E5=F1=ED=E0=FF;=D2=E2=E5=F0=FC;;170001;=D0=EE=F1=F1=E8=FF',
        'NOTE;ENCODING=QUOTED-PRINTABLE:line 1=0D=0Aline 2=3B a=3Db =',
        'END:not yet',
        'BDAY:19880307',
      ),
      'RU',
    );
    expect(record).toEqual({
      row: 1,
      fields: {
        full_name: 'Пётр Иванов',
        firstname: 'Пётр',
        lastname: 'Иванов',
        email: 'petr@example.com',
        phone: '8 999 000-30-03',
        address: { line: 'ул. Лесная', city: 'Тверь', zip_code: '170001', country: 'Россия' },
        birthday: '1988-03-07',
        metadata: { phones: ['+74950003005'], fax: ['+74950003006'] },
      },
      notes: ['line 1\nline 2; a=b END:not yet'],
      remarks: [],
    });
  });

  test('skips photos in base64, folded or not, and nested cards; a missing END:VCARD is named', async ({ read }) => {
    const records = await read(
      [
        card21('N:One;Ann', 'PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ', ' AAAA', ' BBBB', '', 'TEL;CELL:+14155550132'),
        card21('N:Two;Bob', 'PHOTO;BASE64;TYPE=JPEG:/9j/4AAQ', 'AAAA', 'BBBB=', '', 'TEL:+14155550133'),
        card21('N:Three;Cy', 'AGENT:', card21('N:Nested;Nora', 'TEL:+14155550199').trim(), 'TEL:+14155550134'),
        'BEGIN:VCARD\r\nVERSION:2.1\r\nN:Four;Di\r\nTEL:+14155550135\r\n',
        'BEGIN:VCARD\r\nVERSION:2.1\r\nN:Five;Ed\r\nTEL:+14155550136',
      ].join(''),
    );
    expect(records.map(({ row, fields }) => [row, fields['firstname'], fields['phone']])).toEqual([
      [1, 'Ann', '+14155550132'],
      [2, 'Bob', '+14155550133'],
      [3, 'Cy', '+14155550134'],
      [4, 'Di', '+14155550135'],
      [5, 'Ed', '+14155550136'],
    ]);
    const missingEnd = [{ column: null, reason: 'has no END:VCARD; the file may be incomplete' }];
    expect(records.map(({ remarks }) => remarks)).toEqual([
      [],
      [],
      [{ column: 'AGENT', reason: 'has a card of its own, which was not imported' }],
      missingEnd,
      missingEnd,
    ]);
  });

  test('reads bytes without a character set by the encoding of the file', async ({ read }) => {
    const latin = Buffer.from(card21('N:Muñoz;Íñigo', 'TEL:612 34 57 01'), 'latin1');
    expect((await read(latin, 'ES', 'windows-1252'))[0]?.fields).toMatchObject({
      firstname: 'Íñigo',
      lastname: 'Muñoz',
    });
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(card21('N:Ёлкин;Пётр'), 'utf16le')]);
    expect((await read(utf16, 'RU', 'utf-16le'))[0]?.fields).toEqual({ firstname: 'Пётр', lastname: 'Ёлкин' });
  });
});

describe('vCard 4.0', () => {
  test('reads tel: URIs, preferences, partial dates, GENDER, LANG and addresses with a label', async ({ read }) => {
    const [record, labelled] = await read(
      card40(
        'UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1',
        'FN:Simon Perreault',
        'N:Perreault;Simon;;;ing. jr,M.Sc.',
        'BDAY:--0203',
        'GENDER:M;Fellow',
        'LANG;PREF=2:en',
        'LANG;PREF=1:fr',
        'ORG;TYPE=work:Viagenie',
        'ADR;TYPE=work;LABEL="2875 Laurier\\nQuebec":;Suite D2-630;2875 Laurier,Back entry;Quebec;QC;G1V 2M2;Canada',
        'TEL;VALUE=uri;TYPE="work,voice";PREF=2:tel:+1-418-656-9254;ext=102',
        'TEL;VALUE=uri;TYPE="cell,text";PREF=1:tel:+1-418-262-6501',
        'EMAIL;PREF=2:other@example.com',
        'EMAIL;TYPE=work;PREF=1:simon@example.com',
        'CATEGORIES:Friends,Coffee\\, tea,myContacts',
        'URL;TYPE=home:http://nomis80.example/a,b',
        'RELATED;TYPE=friend:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      ) + card40('FN:Ann', 'ADR;LABEL="1 Main St\\nOakland":;;;;;;', 'BDAY:19850612T000000Z'),
      'CA',
    );
    expect(record).toEqual({
      row: 1,
      fields: {
        external_id: '4fbe8971-0bc3-424c-9c26-36c3e1eff6b1',
        full_name: 'Simon Perreault',
        firstname: 'Simon',
        lastname: 'Perreault',
        gender: 'male',
        preferences: { language: 'fr' },
        email: 'simon@example.com',
        phone: '+1-418-262-6501',
        address: {
          line: '2875 Laurier, Back entry, Suite D2-630',
          city: 'Quebec',
          state: 'QC',
          zip_code: 'G1V 2M2',
          country: 'Canada',
        },
        tags: ['Friends', 'Coffee, tea'],
        metadata: {
          emails: ['other@example.com'],
          phones: ['+14186569254;ext=102'],
          company: 'Viagenie',
          birthday: '--0203',
          URL: 'http://nomis80.example/a,b',
          RELATED: 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
          GENDER: 'Fellow',
          LANG: 'en',
        },
      },
      notes: [],
      remarks: [{ column: 'BDAY', reason: 'has no year' }],
    });
    expect(labelled?.fields).toEqual({
      full_name: 'Ann',
      address: { line: '1 Main St, Oakland' },
      birthday: '1985-06-12',
    });
  });
});

describe('any file', () => {
  test('a group of contacts is not imported', async ({ read }) => {
    const records = await read(
      card40('KIND:group', 'FN:Friends', 'MEMBER:urn:uuid:4fbe8971') +
        card('X-ADDRESSBOOKSERVER-KIND:group', 'N:Team;;;;', 'FN:Team') +
        card40('KIND:individual', 'FN:Ann') +
        card40('KIND:org', 'FN:North Pier'),
    );
    expect(records.map(({ failure }) => failure?.column)).toEqual([
      'KIND',
      'X-ADDRESSBOOKSERVER-KIND',
      undefined,
      undefined,
    ]);
  });

  test('a line that is not valid costs only its own value', async ({ read }) => {
    const [record] = await read(
      card('N:Quill;Mara;;;', 'garbage', ';=x:1', 'TEL;TYPE="CELL:+1', ':no name', 'EMAIL:mara@example.com'),
    );
    expect(record?.fields).toEqual({ firstname: 'Mara', lastname: 'Quill', email: 'mara@example.com' });
    expect(record?.remarks).toEqual([
      { column: null, reason: 'is not a valid line of a vCard' },
      { column: 'TEL', reason: 'is not a valid line of a vCard' },
    ]);
  });

  test('joins folded lines inside of a character, with CRLF, LF and CR', async ({ read }) => {
    const folded = Buffer.concat([
      Buffer.from('BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zo'),
      Buffer.from([0xc3]),
      Buffer.from('\r\n '),
      Buffer.from([0xab]),
      Buffer.from(' March\r\n etti\r\nEND:VCARD\r\n'),
    ]);
    expect((await read(folded))[0]?.fields).toEqual({ full_name: 'Zoë Marchetti' });
    for (const lineBreak of ['\n', '\r'])
      expect((await read(card('FN:Ann', 'NOTE:one', '  two').replaceAll('\r\n', lineBreak)))[0]?.notes).toEqual([
        'one two',
      ]);
  });

  test('bounds lines and cards: a photo of any size is skipped, a larger card is a failure, the next one is read', async ({
    read,
  }) => {
    const large = 'x'.repeat(300_000);
    const many = Array.from({ length: 20 }, () => `X-PART:${'y'.repeat(60_000)}`);
    const records = await read(
      card('FN:One', `PHOTO;ENCODING=b;TYPE=JPEG:${'A'.repeat(3_000_000)}`, 'TEL:+14155550132') +
        card('FN:Two', `NOTE:${large}`, 'TEL:+14155550133') +
        card('FN:Three', ...many) +
        card('FN:Four', `PHOTO:data:image/jpeg;base64,${'A'.repeat(1_000_000)}`, 'TEL:+14155550134'),
    );
    expect(
      records.map(({ row, fields, failure, remarks }) => [row, fields['phone'], failure?.reason, remarks]),
    ).toEqual([
      [1, '+14155550132', undefined, []],
      [2, '+14155550133', undefined, [{ column: 'NOTE', reason: 'is too long' }]],
      [3, undefined, 'is larger than 1 MiB', []],
      [4, '+14155550134', undefined, []],
    ]);
  });

  test('counts what stands outside of cards', async ({ folder }) => {
    const path = join(folder, 'stray.vcf');
    await writeFile(path, `hello\r\n\r\n${card('FN:Ann')}bye\r\n`);
    expect(await analyzeVcards(path, { encoding: 'utf-8' })).toMatchObject({
      rows: 1,
      warnings: ['2 lines outside of the cards were ignored'],
    });
  });

  test('stops when its signal is aborted', async ({ folder }) => {
    const path = join(folder, 'abort.vcf');
    await writeFile(path, card('FN:Ann').repeat(20_000));
    const abort = new AbortController();
    const read = async () => {
      for await (const { row } of readVcards(path, { encoding: 'utf-8' }, { country: 'US', signal: abort.signal }))
        if (row === 10) abort.abort();
    };
    await expect(read()).rejects.toThrow();
  });
});

test('reports many lines that are not valid once', async ({ read }) => {
  const [record] = await read(card('FN:Ann', ...Array.from({ length: 1000 }, () => 'x')));
  expect(record?.remarks).toEqual([{ column: null, reason: 'is not a valid line of a vCard' }]);
});
