import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as plainTest } from 'vitest';
import { analyzeFile } from '../analyze-file.ts';
import { readRecords } from '../read-records.ts';
import type { SourceRecord } from '../source-record.ts';

type Read = (country: string, ...lines: string[]) => Promise<SourceRecord[]>;

const test = plainTest.extend<{ read: Read }>({
  read: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'formats-'));
    await use(async (country, ...lines) => {
      const path = join(folder, 'contacts.vcf');
      await writeFile(path, `${lines.join('\r\n')}\r\n`);
      const analysis = await analyzeFile(path);
      return Array.fromAsync(readRecords(path, analysis, { country }));
    });
    await rm(folder, { recursive: true });
  },
});

test('Android contacts, 2.1: custom fields, quoted-printable names, several types', async ({ read }) => {
  const [record] = await read(
    'RU',
    'BEGIN:VCARD',
    'VERSION:2.1',
    'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=D0=B2=D0=B0=D0=BD=D0=BE=D0=B2;=D0=98=D0=B2=D0=B0=D0=BD;;;',
    'FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=D0=B2=D0=B0=D0=BD=20=D0=98=D0=B2=D0=B0=D0=BD=D0=BE=D0=B2',
    'X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Vanya;1;;;;;;;;;;;;;',
    'TEL;CELL:+7-999-000-30-03',
    'TEL;X-=D0=94=D0=BE=D0=BC:84950003005',
    'EMAIL;HOME:ivan@example.com',
    'ORG;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=9E=D0=9E=D0=9E=20=D0=A0=D0=BE=D0=BC=D0=B0=',
    '=D1=88=D0=BA=D0=B0',
    'BDAY:1988-03-07',
    'PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/',
    ' 2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsK',
    '',
    'END:VCARD',
  );
  expect(record?.remarks).toEqual([]);
  expect(record?.fields).toMatchObject({
    full_name: 'Иван Иванов',
    firstname: 'Иван',
    lastname: 'Иванов',
    phone: '+7-999-000-30-03',
    email: 'ivan@example.com',
    birthday: '1988-03-07',
    metadata: { phones: ['+74950003005'], company: 'ООО Ромашка' },
  });
});

test('Google Contacts, 3.0: myContacts, photo as URI, labelled items', async ({ read }) => {
  const [record] = await read(
    'US',
    'BEGIN:VCARD',
    'VERSION:3.0',
    'FN:Mara Elena Quill',
    'N:Quill;Mara;Elena;;',
    'EMAIL;TYPE=INTERNET;TYPE=HOME:mara@example.com',
    'item1.EMAIL;TYPE=INTERNET:mq@example.org',
    'item1.X-ABLabel:',
    'TEL;TYPE=CELL:(415) 555-0132',
    'item2.ADR:;;12 Elm St;Oakland;CA;94601;US;12 Elm St\\nOakland\\, CA 94601\\nUS',
    'item2.X-ABLabel:',
    'BDAY:19850612',
    'item3.URL:http\\://example.com',
    'PHOTO:https://lh3.example.com/contacts/abc',
    'CATEGORIES:myContacts,Clients',
    'END:VCARD',
  );
  expect(record).toEqual({
    row: 1,
    fields: {
      full_name: 'Mara Elena Quill',
      firstname: 'Mara',
      lastname: 'Quill',
      email: 'mara@example.com',
      phone: '(415) 555-0132',
      address: { line: '12 Elm St', city: 'Oakland', state: 'CA', zip_code: '94601', country: 'US' },
      birthday: '1985-06-12',
      tags: ['Clients'],
      metadata: { emails: ['mq@example.org'], URL: 'http://example.com' },
    },
    notes: [],
    remarks: [],
  });
});

test('Outlook, 2.1: Windows-1252, address labels, gender of the Windows address book', async ({ read }) => {
  const [record] = await read(
    'GB',
    'BEGIN:VCARD',
    'VERSION:2.1',
    'N;LANGUAGE=en-gb:Marchetti;Zoe;;Ms.',
    'FN:Ms. Zoe Marchetti',
    'ORG:Marchetti and Sons;Sales',
    'TITLE:Buyer',
    'TEL;WORK;VOICE:020 7946 0101',
    'TEL;CELL;VOICE:+44 20 7946 0102',
    'TEL;WORK;FAX:020 7946 0109',
    'ADR;WORK;PREF:;;44 Harbour Rd;Bristol;;BS1 4ST;United Kingdom',
    'LABEL;WORK;PREF;ENCODING=QUOTED-PRINTABLE:44 Harbour Rd=0D=0A=',
    'Bristol BS1 4ST=0D=0A=',
    'United Kingdom',
    'X-MS-OL-DEFAULT-POSTAL-ADDRESS:2',
    'X-WAB-GENDER:1',
    'BDAY:19691228',
    'EMAIL;PREF;INTERNET:zoe@example.co.uk',
    'REV:20240520T101112Z',
    'END:VCARD',
  );
  expect(record?.remarks).toEqual([]);
  expect(record?.fields).toMatchObject({
    full_name: 'Ms. Zoe Marchetti',
    gender: 'female',
    birthday: '1969-12-28',
    email: 'zoe@example.co.uk',
    phone: '+44 20 7946 0102',
    address: { line: '44 Harbour Rd', city: 'Bristol', zip_code: 'BS1 4ST', country: 'United Kingdom' },
    metadata: { company: 'Marchetti and Sons', department: 'Sales', phones: ['+442079460101'], fax: ['+442079460109'] },
  });
});

test('Nextcloud, 4.0, Thunderbird and Fastmail', async ({ read }) => {
  const [nextcloud, thunderbird, fastmail] = await read(
    'DE',
    'BEGIN:VCARD',
    'VERSION:4.0',
    'PRODID:-//Sabre//Sabre VObject 4.5.4//EN',
    'UID:3f5c9e1e-8a9e-4a0c-8d1f-000000000001',
    'FN:Jürgen Groß',
    'N:Groß;Jürgen;;;',
    'TEL;TYPE="HOME,VOICE":030/1234567',
    'EMAIL;TYPE=HOME:j@example.de',
    'ADR;TYPE=HOME:;;Hauptstraße 5;Berlin;;10115;Deutschland',
    'BDAY;VALUE=DATE:19850612',
    'CATEGORIES:Freunde,Verein',
    'END:VCARD',
    'BEGIN:VCARD',
    'VERSION:4.0',
    'N:Doe;Jane;;;',
    'FN:Jane Doe',
    'EMAIL;PREF=1:jane@example.com',
    'TEL;VALUE=TEXT:030 7654321',
    'NOTE:one\\ntwo',
    'UID:9c7a8d0e',
    'END:VCARD',
    'BEGIN:VCARD',
    'VERSION:3.0',
    'UID:f-1',
    'N:Roe;Ann;;;',
    'FN:Ann Roe',
    'EMAIL;TYPE=work;PREF=1:ann@example.com',
    'X-FM-ONLINE-OTHER;VALUE=text:irc',
    'ORG:Roe GmbH;;',
    'BDAY:0000-06-12',
    'END:VCARD',
  );
  expect(nextcloud?.fields).toEqual({
    external_id: '3f5c9e1e-8a9e-4a0c-8d1f-000000000001',
    full_name: 'Jürgen Groß',
    firstname: 'Jürgen',
    lastname: 'Groß',
    phone: '030 1234567',
    email: 'j@example.de',
    address: { line: 'Hauptstraße 5', city: 'Berlin', zip_code: '10115', country: 'Deutschland' },
    birthday: '1985-06-12',
    tags: ['Freunde', 'Verein'],
  });
  expect(thunderbird).toMatchObject({
    fields: { email: 'jane@example.com', phone: '030 7654321' },
    notes: ['one\ntwo'],
  });
  expect(fastmail).toMatchObject({
    fields: { external_id: 'f-1', metadata: { company: 'Roe GmbH', 'X-FM-ONLINE-OTHER': 'irc' } },
    remarks: [{ column: 'BDAY', reason: 'has no year' }],
  });
});

test('WhatsApp, Nokia and Samsung', async ({ read }) => {
  const [whatsapp, nokia, samsung] = await read(
    'ES',
    'BEGIN:VCARD',
    'VERSION:3.0',
    'N:;Núria;;;',
    'FN:Núria',
    'TEL;type=CELL;type=VOICE;waid=34612345701:+34 612 34 57 01',
    'END:VCARD',
    'BEGIN:VCARD',
    'VERSION:2.1',
    'N;ENCODING=8BIT;CHARSET=UTF-8:Solé;Marc',
    'TEL;PREF;CELL:612345702',
    'TEL;VOICE:931234503',
    'X-CLASS:private',
    'END:VCARD',
    'BEGIN:VCARD',
    'VERSION:2.1',
    'N:d’Ors;José;;;',
    'TEL;CELL:612345704',
    'EMAIL;HOME:jose@dors.example',
    'X-SAMSUNGADR;HOME:;;C/ Mayor 5;;;;',
    'GROUP:ICE',
    'END:VCARD',
  );
  expect(whatsapp?.fields).toEqual({ full_name: 'Núria', firstname: 'Núria', phone: '+34 612 34 57 01' });
  expect(nokia?.fields).toMatchObject({
    firstname: 'Marc',
    lastname: 'Solé',
    phone: '612345702',
    metadata: { phones: ['+34931234503'] },
  });
  expect(samsung?.fields).toMatchObject({
    firstname: 'José',
    lastname: 'd’Ors',
    email: 'jose@dors.example',
    metadata: { GROUP: 'ICE' },
  });
});

test('iCloud, 3.0: birthday without a year, instant messaging, related names and dates with labels', async ({
  read,
}) => {
  const [record] = await read(
    'US',
    'BEGIN:VCARD',
    'VERSION:3.0',
    'PRODID:-//Apple Inc.//iOS 17.5//EN',
    'N:Iriarte;Tomás;;;',
    'FN:Tomás Iriarte',
    'BDAY;VALUE=date;X-APPLE-OMIT-YEAR=1604:1604-03-14',
    'IMPP;X-SERVICE-TYPE=Jabber;type=HOME:xmpp:tomas@example.com',
    'item1.X-ABRELATEDNAMES;type=pref:Ana',
    'item1.X-ABLabel:_$!<Mother>!$_',
    'item2.X-ABDATE;type=pref:2010-05-05',
    'item2.X-ABLabel:_$!<Anniversary>!$_',
    'TEL;type=IPHONE;type=CELL;type=VOICE;type=pref:+1 (415) 555-0140',
    'END:VCARD',
  );
  expect(record?.fields).toMatchObject({
    phone: '+1 (415) 555-0140',
    metadata: {
      birthday: '--03-14',
      IMPP: 'xmpp:tomas@example.com',
      'X-ABRELATEDNAMES': 'Mother: Ana',
      'X-ABDATE': 'Anniversary: 2010-05-05',
    },
  });
});
