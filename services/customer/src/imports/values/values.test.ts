import { describe, expect, test } from 'vitest';
import { readBoolean } from './booleans.ts';
import { dateOrderOf, readDate } from './dates.ts';
import { readEmails } from './emails.ts';
import { genderOfM, readGender } from './gender.ts';
import { readNotes } from './notes.ts';
import { phoneKind, readPhones } from './phones.ts';
import { readTags } from './tags.ts';
import { joinLines, readLine, readLines } from './text.ts';

const today = '2026-06-30';
/** Collects the reasons that a conversion reports. */
const collect = <T>(read: (report: (column: string, reason: string) => void) => T) => {
  const reasons: string[] = [];
  const value = read((_column, reason) => {
    reasons.push(reason);
  });
  return { value, reasons };
};
const phonesIn = (value: string, country: string) =>
  collect((report) => {
    const { phone, phones } = readPhones([{ column: 'Phone', value }], country, report);
    return [phone, ...phones];
  });

describe('phones in a cell', () => {
  test.each<[string, string, (string | undefined)[], string?]>([
    ['\u202a+1 415 555 0132\u202c', 'US', ['+1 415 555 0132']],
    ["'+1 775 555 0154", 'US', ['+1 775 555 0154']],
    ['="+34612345701"', 'ES', ['+34612345701']],
    ['34612345701.0', 'ES', ['34612345701']],
    ['+1\u00a0415\u2011555\u20110132', 'US', ['+1 415-555-0132']],
    ['моб. 8 999 000-30-03; 89990003003', 'RU', ['8 999 000-30-03']],
    ['tel:+1-415-555-0132', 'US', ['+1-415-555-0132']],
    ['+44 (0) 20 7946 0102', 'GB', ['+44 (0) 20 7946 0102']],
    ['8 999 000-30-03, 8 999 000-30-04', 'RU', ['8 999 000-30-03', '+79990003004']],
    ['8 999 000-30-03; 8 999 000-30-04', 'RU', ['8 999 000-30-03', '+79990003004']],
    ['89990003003/89990003004', 'RU', ['89990003003', '+79990003004']],
    ['+1 415 555 0132 ::: +1 415 555 0133', 'US', ['+1 415 555 0132', '+14155550133']],
    ['89990003003\n89990003004', 'RU', ['89990003003', '+79990003004']],
    ['89990003003 или 89990003004', 'RU', ['89990003003', '+79990003004']],
    ['+79990003003 +79990003004', 'RU', ['+79990003003', '+79990003004']],
    ['0221/1234567', 'DE', ['0221 1234567']],
    ['+1 415 555 2671, ext. 101', 'US', ['+1 415 555 2671, ext. 101']],
    ['+1 415 555 2671,,101', 'US', ['+1 415 555 2671,,101']],
    ['+14155552671;ext=101', 'US', ['+14155552671;ext=101']],
    ['+1 415 555 2671 x101; +1 415 555 2672', 'US', ['+1 415 555 2671 x101', '+14155552672']],
    ['8 (495) 123-45-67 доб. 12', 'RU', ['8 (495) 123-45-67 доб. 12']],
    ['моб. 8 999 000-30-03', 'RU', ['8 999 000-30-03']],
    ['+1 415 555 2671 x101; 14155552671 ext 101', 'US', ['+1 415 555 2671 x101']],
    ['8 999 000-30-03 (Анна Петровна)', 'RU', ['8 999 000-30-03']],
    ['3,46123E+10', 'ES', [undefined], 'was rounded by a spreadsheet, its digits are lost'],
    ['3.46123e10', 'ES', [undefined], 'was rounded by a spreadsheet, its digits are lost'],
    ['0', 'BR', [undefined], 'is not a phone number'],
    ['-', 'BR', [undefined]],
    ['', 'BR', [undefined]],
    ['ask at the desk', 'GB', [undefined], 'is not a phone number'],
    ['020 7946 0102 / 03', 'GB', ['020 7946 0102'], 'has a part that is not a phone number'],
  ])('%j in %s', (value, country, expected, reason?: string) => {
    expect(phonesIn(value, country)).toEqual({ value: expected, reasons: reason === undefined ? [] : [reason] });
  });

  test('takes the preferred number, else mobile, work, main, home; a fax never; each number once', () => {
    const part = (kind: 'mobile' | 'work' | 'main' | 'home' | 'fax', digit: number, preferred = false) => ({
      column: kind,
      value: `+1 415 555 013${digit}`,
      kind,
      preferred,
    });
    const read = (...parts: ReturnType<typeof part>[]) => readPhones(parts, 'US', () => undefined);
    expect(read(part('home', 1), part('work', 2), part('mobile', 3))).toMatchObject({
      phone: '+1 415 555 0133',
      phones: ['+14155550132', '+14155550131'],
    });
    expect(read(part('mobile', 1), part('home', 2, true)).phone).toBe('+1 415 555 0132');
    expect(read(part('fax', 1, true), part('home', 2))).toMatchObject({
      phone: '+1 415 555 0132',
      phones: [],
      fax: ['+14155550131'],
    });
    expect(read(part('fax', 1))).toEqual({ phones: [], fax: ['+14155550131'], pager: [] });
    expect(read(part('work', 1), part('home', 1)).phones).toEqual([]);
  });

  test.each([
    ['Mobile Phone', 'mobile'],
    ['Celular', 'mobile'],
    ['Телефон переносной', 'mobile'],
    ['Business Fax', 'fax'],
    ['Домашний факс', 'fax'],
    ['Telefon serviciu', 'work'],
    ['Business Phone 2', 'work'],
    ['Рабочий телефон', 'work'],
    ['Home Phone', 'home'],
    ['Pager', 'pager'],
    ['Primary Phone', 'main'],
    ['Teléfono', 'other'],
  ])('knows the kind of %s', (label, kind) => expect(phoneKind(label)).toBe(kind));
});

describe('e-mail addresses in a cell', () => {
  test.each<[string, string[], string?]>([
    ['mara.quill@Example.com', ['mara.quill@example.com']],
    ['a@example.com ::: b@example.com', ['a@example.com', 'b@example.com']],
    ['a@example.com; b@example.com, A@EXAMPLE.com', ['a@example.com', 'b@example.com']],
    ['Ada Quill <ada@example.com>', ['ada@example.com']],
    ['"Quill, Ada" <ada@example.com>; Bob <bob@example.com>', ['ada@example.com', 'bob@example.com']],
    ['mailto:ada@example.com', ['ada@example.com']],
    ['\u200bada@example.com\u00a0', ['ada@example.com']],
    ["as.d'hautefort@example.com", ["as.d'hautefort@example.com"]],
    ['info@пример.рф', ['info@xn--e1afmkfd.xn--p1ai']],
    ['', []],
    ['  ', []],
    ['/o=Example/ou=First/cn=Recipients/cn=priya', [], 'is not an e-mail address'],
    ['broken at example.com', [], 'is not an e-mail address'],
    ['a..b@example.com', [], 'is not an e-mail address'],
    ['a@example.com (old)', ['a@example.com'], 'has a part that is not an e-mail address'],
  ])('%j', (value, expected, reason?: string) => {
    const found = collect((report) => readEmails([{ column: 'E-mail', value }], report));
    expect(found).toEqual({ value: expected, reasons: reason === undefined ? [] : [reason] });
  });

  test('puts preferred ones first', () => {
    const parts = [
      { column: 'a', value: 'a@example.com' },
      { column: 'b', value: 'b@example.com', preferred: true },
    ];
    expect(readEmails(parts, () => undefined)).toEqual(['b@example.com', 'a@example.com']);
  });
});

describe('dates', () => {
  test.each<[string, string | undefined, string?]>([
    ['1985-06-12', '1985-06-12'],
    ['1985-06-12T00:00:00.000Z', '1985-06-12'],
    ['1985-06-12 00:00:00', '1985-06-12'],
    ['1985/6/2', '1985-06-02'],
    ['19850612', '1985-06-12'],
    ['7.3.1988', '1988-03-07'],
    ['12/28/1969', '1969-12-28'],
    ['28/12/1969', '1969-12-28'],
    ['12/06/1985 12:00:00 AM', '1985-06-12'],
    ['7/3/88', '1988-03-07'],
    ['07-03-26', '2026-03-07'],
    ['07.12.26', '1926-12-07'],
    ['29/02/1992', '1992-02-29'],
    ['12 June 1985', '1985-06-12'],
    ['June 12th, 1985', '1985-06-12'],
    ['12-Jun-85', '1985-06-12'],
    ['12 de junho de 1985', '1985-06-12'],
    ['12 de junio de 1985', '1985-06-12'],
    ['12 iunie 1985', '1985-06-12'],
    ['12 июня 1985 г.', '1985-06-12'],
    ['5 мая 1985', '1985-05-05'],
    ['', undefined],
    ['0/0/00', undefined],
    ['0.0.00', undefined],
    ['01/01/0001', undefined],
    ['0001-01-01T00:00:00', undefined],
    ['0000-00-00', undefined],
    ['0000-00-00 00:00:00', undefined],
    ['0', undefined],
    ['-', undefined],
    [' --03-14', undefined, 'has no year'],
    ['--0517', undefined, 'has no year'],
    ['03/14', undefined, 'has no year'],
    ['1604-05-17', undefined, 'has no year'],
    ['1604-02-29', undefined, 'has no year'],
    ['14 March', undefined, 'has no year'],
    ['30.02.1990', undefined, 'is not a day of the calendar'],
    ['31/04/1990', undefined, 'is not a day of the calendar'],
    ['1990-13-45', undefined, 'is not a day of the calendar'],
    ['2027-01-01', undefined, 'must not be in the future'],
    ['not-a-date', undefined, 'is not a date'],
    ['may be', undefined, 'is not a date'],
    ['31000', undefined, 'is not a date'],
    ['x'.repeat(200), undefined, 'is not a date'],
  ])('%j', (value, expected, reason?: string) => {
    const read = readDate(value, 'dmy', today);
    expect([read.value, read.reason]).toEqual([expected, reason]);
  });

  test('with slashes follow the order of the column', () => {
    expect(readDate('3/4/1981', 'mdy', today).value).toBe('1981-03-04');
    expect(readDate('3/4/1981', 'dmy', today).value).toBe('1981-04-03');
    expect(readDate('3.4.1981', 'mdy', today).value).toBe('1981-04-03');
    expect(['3/4/1981', '12/28/1969', '28/12/1969', '28.12.1969', '13/13/1990'].map(dateOrderOf)).toEqual([
      undefined,
      'mdy',
      'dmy',
      undefined,
      undefined,
    ]);
  });

  test('on 1 January 1900 are kept with a warning', () => {
    expect(readDate('01.01.1900', 'dmy', today)).toEqual({
      value: '1900-01-01',
      warning: 'is often a placeholder; it was imported',
    });
  });
});

describe('genders', () => {
  test.each([
    ['Female', 'female'],
    ['F', 'female'],
    ['ж', 'female'],
    ['Женский', 'female'],
    ['м', 'male'],
    ['M', 'male'],
    ['Мужской', 'male'],
    ['V', 'male'],
    ['H', 'male'],
    ['Mujer', 'female'],
    ['Feminino', 'female'],
    ['Unspecified', undefined],
    ['X', undefined],
    ['Не определен', undefined],
    ['', undefined],
    ['Other', 'other'],
  ])('%s', (word, gender) => expect(readGender(word)).toEqual(gender === undefined ? {} : { value: gender }));
  test('M means Mujer beside V and H', () => {
    expect([genderOfM(['M', 'V']), genderOfM(['h', 'M']), genderOfM(['M', 'F']), genderOfM(['M'])]).toEqual([
      'female',
      'female',
      'male',
      'male',
    ]);
    expect(readGender('M', 'female')).toEqual({ value: 'female' });
  });
  test('an unknown word is reported', () => expect(readGender('yes').reason).toBeDefined());
});

describe('other values', () => {
  test('yes and no in five languages', () => {
    for (const word of ['yes', 'TRUE', '1', 'да', 'Sí', 'sim', 'da', 'x', 'Subscribed'])
      expect(readBoolean(word)).toBe(true);
    for (const word of ['no', 'False', '0', 'нет', 'não', 'nu', 'Unsubscribed', 'opted out'])
      expect(readBoolean(word)).toBe(false);
    expect(readBoolean('perhaps')).toBeUndefined();
  });

  test.each<[string, string[], number?]>([
    ['Clients ::: * myContacts', ['Clients']],
    ['* myContacts ::: * starred', []],
    ['* Family ::: Clients', ['Clients'], 1],
    ['*0,*vip', ['*0', '*vip']],
    ['Coffee, tea ::: Suppliers', ['Coffee, tea', 'Suppliers']],
    ['Friends;Open source', ['Friends', 'Open source']],
    ['retail, ag-exempt,, Retail', ['retail', 'ag-exempt']],
    ['vip|atacado', ['vip', 'atacado']],
    ['"VIP","Coffee, tea"', ['VIP', 'Coffee, tea']],
    ['Imported 5/1/24', ['Imported 5/1/24']],
    [`${'x'.repeat(51)},b`, ['b'], 1],
    ['a\u0000b,c', ['c'], 1],
  ])('tags of %j', (value, labels, reports = 0) => {
    const found = collect((report) => readTags([{ column: 'Tags', value }], report));
    expect(found.value).toEqual(labels);
    expect(found.reasons).toHaveLength(reports);
  });

  test('notes keep their line breaks; a long one becomes several, split at line and word ends', () => {
    const text = `first line\r\n${'word '.repeat(250)}end`;
    const { value, reasons } = collect((report) => readNotes([{ column: 'Notes', value: text }], report));
    expect(reasons).toEqual([]);
    expect(value.length).toBe(3);
    for (const note of value) expect([...note].length).toBeLessThanOrEqual(500);
    expect(value.join(' ')).toBe(`first line\n${'word '.repeat(250)}end`);
    const emoji = collect((report) => readNotes([{ column: 'Notes', value: '😀'.repeat(1200) }], report)).value;
    expect(emoji.join('')).toBe('😀'.repeat(1200));
    const long = collect((report) => readNotes([{ column: 'Notes', value: 'word '.repeat(5000) }], report));
    expect([long.value.length, long.reasons.length]).toEqual([20, 1]);
  });

  test('text is trimmed, in NFC, and never changed otherwise', () => {
    expect(readLine(' e\u0301\n b ', 10)).toEqual({ value: 'é b' });
    expect(readLine('\u200b', 10)).toEqual({});
    expect(readLines('a\r\nb\vc', 10)).toEqual({ value: 'a\nb\nc' });
    for (const text of ['a\0b', 'a\ud800', 'a\ufffd', 'a\u001bb', 'x'.repeat(11)])
      expect(readLine(text, 10)).toEqual({ reason: expect.any(String) as string });
  });
});

test('reads no order of dates in a text that is too long for a date', () => {
  expect(dateOrderOf('13/12/2020')).toBe('dmy');
  expect(dateOrderOf(`13/12/2020${' '.repeat(100_000)}10:00`)).toBeUndefined();
});

test('joins the lines of an address without blanks and commas around each', () => {
  expect(joinLines(' Main St. 1,\r\n, Floor 2 \n\n Springfield,')).toBe('Main St. 1, Floor 2, Springfield');
  expect(joinLines('Main St. 1, Springfield')).toBe('Main St. 1, Springfield');
});
