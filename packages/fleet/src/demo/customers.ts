import { type Country, countries } from './people.ts';

/** The body of `POST /api/customers`. */
export type DemoCustomer = { firstname: string; lastname: string; email: string; phone: string } & Record<
  string,
  unknown
>;

const day = 86_400_000;
const sources = ['shop', 'web', 'trade fair', 'recommendation'];
const labels = ['subscription', 'wholesale', 'decaf', 'training', 'newcomer'];
const domains = ['example.com', 'example.org'];

/** Builds fictional customers, the same ones every time. @param count at most 2,000, so that phones and e-mails stay unique */
export const demoCustomers = (count: number): DemoCustomer[] =>
  Array.from({ length: count }, (_, index) => customer(index));

/** When a customer came, in the two years before `now`: in the order of their indexes, and of late more of them than at first. */
export const customerSince = (index: number, now: Date): Date =>
  new Date(now.getTime() - Math.ceil(730 * (1 - (index / 2000) ** 0.7) * day));

function customer(index: number): DemoCustomer {
  const country = pick(countries, index);
  const round = Math.floor(index / countries.length);
  const [firstname, gender] = pick(country.first, round);
  // Shifted with each round through the first names, so that name pairs repeat as late as possible.
  const lastname = pick(country.last, (round % country.first.length) + Math.floor(round / country.first.length));
  const [city, state, zip_code] = pick(country.cities, round);
  return {
    firstname,
    lastname,
    ...(country.family_name_first && { full_name: `${lastname} ${firstname}` }),
    email: `${mailbox(firstname, lastname) || `guest.${country.code.toLowerCase()}`}${index}@${pick(domains, index)}`,
    phone: phone(country, index),
    gender,
    birthday: birthday(index),
    address: {
      line: `${pick(country.addressLines, round)} ${1 + ((index * 7) % 120)}`,
      city,
      state,
      zip_code,
      country: country.code,
    },
    preferences: { newsletter: index % 3 === 0, language: country.language },
    metadata: { source: pick(sources, round), ...(index % 5 === 0 && { loyalty_card: `BC-${String(4000 + index)}` }) },
    type: index % 17 === 0 ? 'vip' : index % 6 === 0 ? 'premium' : 'regular',
    status: index % 29 === 28 ? 'suspended' : index % 19 === 18 ? 'inactive' : 'active',
    ...(index % 3 === 2 && {
      tags: index % 6 === 5 ? [pick(labels, round), pick(labels, round + 2)] : [pick(labels, round)],
    }),
    ...document(country, index),
  };
}

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** Builds the local part of an e-mail address: ASCII letters only, empty for names in other scripts. */
function mailbox(first: string, last: string): string {
  const plain = (name: string) =>
    name
      .normalize('NFD')
      .replaceAll(/[đĐ]/g, 'd')
      .replaceAll('ı', 'i')
      .replaceAll('ł', 'l')
      .replaceAll('Ł', 'L')
      .replaceAll('ß', 'ss')
      .replaceAll(/[^A-Za-z]/g, '')
      .toLowerCase();
  return [plain(first), plain(last)].filter(Boolean).join('.');
}

function phone(country: Country, index: number): string {
  let remaining = 1000 + index * 7;
  return [...country.phone]
    .toReversed()
    .map((character) => {
      if (character !== '#') return character;
      const digit = remaining % 10;
      remaining = Math.floor(remaining / 10);
      return String(digit);
    })
    .toReversed()
    .join('');
}

function birthday(index: number): string {
  const day = new Date(Date.UTC(1948 + ((index * 11) % 58), (index * 5) % 12, 1 + ((index * 13) % 28)));
  return day.toISOString().slice(0, 10);
}

/** About half of the customers have a document. */
function document(country: Country, index: number): { document_type?: string; document_number?: string } {
  if (index % 2 === 1) return {};
  if (country.document === 'cpf') return { document_type: 'cpf', document_number: cpf(index) };
  if (country.document === 'rut') return { document_type: 'rut', document_number: rut(5_000_000 + index * 137) };
  if (country.document === 'cedula')
    return { document_type: 'cedula', document_number: `52.${100 + index}.${200 + index}` };
  return index % 4 === 0
    ? { document_type: 'passport', document_number: `${country.code}${String(700_000 + index * 31)}` }
    : {};
}

/** Brazil's CPF: nine digits and two check digits, sums modulo 11 (Receita Federal). */
function cpf(index: number): string {
  const digits = [...String(100_000_000 + index * 7919)].map(Number);
  for (const length of [9, 10]) {
    const sum = digits.slice(0, length).reduce((total, digit, place) => total + digit * (length + 1 - place), 0);
    digits.push(((sum * 10) % 11) % 10);
  }
  return digits.join('').replace(/^(...)(...)(...)(..)$/, '$1.$2.$3-$4');
}

/** Chile's RUT: digits weighted 2 to 7 from the right, modulo 11, with K for ten. */
function rut(number: number): string {
  const sum = [...String(number)]
    .toReversed()
    .reduce((total, digit, place) => total + Number(digit) * (2 + (place % 6)), 0);
  const check = 11 - (sum % 11);
  return `${number}-${check === 11 ? '0' : check === 10 ? 'K' : String(check)}`;
}
