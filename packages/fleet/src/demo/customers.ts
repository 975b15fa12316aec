import { type Country, countries } from './people.ts';

/** As `POST /api/customers` takes it. */
export type DemoCustomer = { firstname: string; lastname: string; email: string; phone: string } & Record<
  string,
  unknown
>;

const sources = ['shop', 'web', 'trade fair', 'recommendation'];
const labels = ['subscription', 'wholesale', 'decaf', 'training', 'newcomer'];
const domains = ['example.com', 'example.org'];

/** Invented customers, the same ones every time. @param count at most 1,000: phones and addresses are told apart by a number */
export const demoCustomers = (count: number): DemoCustomer[] => Array.from({ length: count }, (_, at) => customer(at));

function customer(at: number): DemoCustomer {
  const country = pick(countries, at);
  const round = Math.floor(at / countries.length);
  const [firstname, gender] = pick(country.first, round);
  // Shifted with each turn through the first names, so that the pairs differ for as long as they can.
  const lastname = pick(country.last, (round % country.first.length) + Math.floor(round / country.first.length));
  const [city, state, zip_code] = pick(country.cities, round);
  return {
    firstname,
    lastname,
    ...(country.family_name_first && { full_name: `${lastname} ${firstname}` }),
    email: `${mailbox(firstname, lastname) || `guest.${country.code.toLowerCase()}`}${at}@${pick(domains, at)}`,
    phone: phone(country, at),
    gender,
    birthday: birthday(at),
    address: {
      line: `${pick(country.streets, round)} ${1 + ((at * 7) % 120)}`,
      city,
      state,
      zip_code,
      country: country.code,
    },
    preferences: { newsletter: at % 3 === 0, language: country.language },
    metadata: { source: pick(sources, round), ...(at % 5 === 0 && { loyalty_card: `BC-${String(4000 + at)}` }) },
    type: at % 17 === 0 ? 'vip' : at % 6 === 0 ? 'premium' : 'regular',
    status: at % 29 === 28 ? 'suspended' : at % 19 === 18 ? 'inactive' : 'active',
    ...(at % 3 === 2 && {
      tags: at % 6 === 5 ? [pick(labels, round), pick(labels, round + 2)] : [pick(labels, round)],
    }),
    ...document(country, at),
  };
}

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;

/** A name as it stands in an e-mail address: without accents, empty for letters that have none there. */
function mailbox(first: string, last: string): string {
  const plain = (name: string) =>
    name
      .normalize('NFD')
      .replaceAll('ł', 'l')
      .replaceAll('Ł', 'L')
      .replaceAll('ß', 'ss')
      .replaceAll(/[^A-Za-z]/g, '')
      .toLowerCase();
  return [plain(first), plain(last)].filter(Boolean).join('.');
}

function phone(country: Country, at: number): string {
  let left = 1000 + at * 7;
  return [...country.phone]
    .toReversed()
    .map((sign) => {
      if (sign !== '#') return sign;
      const digit = left % 10;
      left = Math.floor(left / 10);
      return String(digit);
    })
    .toReversed()
    .join('');
}

function birthday(at: number): string {
  const day = new Date(Date.UTC(1948 + ((at * 11) % 58), (at * 5) % 12, 1 + ((at * 13) % 28)));
  return day.toISOString().slice(0, 10);
}

/** About half of the people have shown one. */
function document(country: Country, at: number): { document_type?: string; document_number?: string } {
  if (at % 2 === 1) return {};
  if (country.document === 'cpf') return { document_type: 'cpf', document_number: cpf(at) };
  if (country.document === 'rut') return { document_type: 'rut', document_number: rut(5_000_000 + at * 137) };
  if (country.document === 'cedula') return { document_type: 'cedula', document_number: `52.${100 + at}.${200 + at}` };
  return at % 4 === 0
    ? { document_type: 'passport', document_number: `${country.code}${String(700_000 + at * 31)}` }
    : {};
}

/** Brazil's personal number: nine digits and two check digits, sums modulo 11 (Receita Federal). */
function cpf(at: number): string {
  const digits = [...String(100_000_000 + at * 7919)].map(Number);
  for (const length of [9, 10]) {
    const sum = digits.slice(0, length).reduce((total, digit, place) => total + digit * (length + 1 - place), 0);
    digits.push(((sum * 10) % 11) % 10);
  }
  return digits.join('').replace(/^(...)(...)(...)(..)$/, '$1.$2.$3-$4');
}

/** Chile's: digits weighted 2 to 7 from the right, modulo 11, with K for ten. */
function rut(number: number): string {
  const sum = [...String(number)]
    .toReversed()
    .reduce((total, digit, place) => total + Number(digit) * (2 + (place % 6)), 0);
  const check = 11 - (sum % 11);
  return `${number}-${check === 11 ? '0' : check === 10 ? 'K' : String(check)}`;
}
