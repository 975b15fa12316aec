/** A row of the source table; the id as text, because it may exceed what a number holds. */
export type TableRow = {
  ID: string;
  phone_main: string | null;
  FirstFIO: string | null;
  email_main: string | null;
  created_at: number | null;
};

/** What an import into an empty company must make of the rows. */
export type Oracle = {
  counts: {
    read: number;
    imported: number;
    skipped: number;
    duplicates: number;
    invalid_emails: number;
    emails_taken: number;
  };
  /** By the last ten digits of the phone. */
  customers: Map<string, { ID: string; firstname: string | null; email: string | null; created_at: number | null }>;
};

/** Returns numbers below 1, the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const names: [typed: string | null, stored: string | null][] = [
  ['Виктор', 'Виктор'],
  ['виктор', 'Виктор'],
  ['  ОЛЬГА  ', 'Ольга'],
  ['анна-мария', 'Анна-Мария'],
  ['АННА  МАРИЯ', 'Анна Мария'],
  ["о'коннор", "О'Коннор"],
  ['д’артаньян', 'Д’Артаньян'],
  ["ДЕМ'ЯН", "Дем'ян"],
  ['ёлка', 'Ёлка'],
  ['john paul', 'John Paul'],
  ['иван\tпетров', 'Иван Петров'],
  ['а'.repeat(60), `А${'а'.repeat(49)}`],
  [`${'б'.repeat(49)} ввв`, `Б${'б'.repeat(48)}`],
  ['', null],
  ['   ', null],
  ['\u200b', null],
  [null, null],
];

const invalid = Symbol('an invalid e-mail address');
const invalidEmails = [
  'no at',
  'a@b',
  '@example.com',
  'two@@example.com',
  'a b@example.com',
  'нет',
  'x@example..com',
  '-',
];
const emptyEmails = [null, '', '   '];

const invalidPhones: ((digits: string) => string | null)[] = [
  () => null,
  () => '',
  () => '   ',
  (digits) => digits, // no code
  (digits) => `9${digits}`,
  (digits) => `+8${digits}`,
  (digits) => `+380${digits.slice(1)}`,
  (digits) => `7${digits}0`,
  (digits) => `7${digits.slice(1)}`,
  (digits) => `++7${digits}`,
  (digits) => `8 (${digits.slice(0, 3)}) ${digits.slice(3, 6)}-${digits.slice(6, 8)}-${digits.slice(8)}`,
  (digits) => `7${digits.slice(0, 9)}x`,
  (digits) => `+7${digits}, 8${digits}`,
  (digits) => `٧${digits}`,
];

/**
 * Makes rows with every irregularity that the rules of this import name, and what must become of them. The expectation follows from
 * how a row is made, not from the code under test.
 */
export function makeSourceTable(seed: number, count: number): { rows: TableRow[]; oracle: Oracle } {
  const random = seededRandom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const customers: Oracle['customers'] = new Map();
  const rows: TableRow[] = [];
  let [skipped, nextPerson] = [0, 0];
  const people: string[] = [];
  const newDigits = () => `9${String(nextPerson++).padStart(9, '0')}`;
  const emailOf = new Map<string, string | null | typeof invalid>();

  for (let index = 1; index <= count; index += 1) {
    // Ids beyond 10,000,000 become no number, and those beyond 2^53 are no JavaScript number.
    const ID =
      index % 10 === 0 ? String(9_007_199_254_740_993n + BigInt(index)) : String(index * (index % 7 === 0 ? 997 : 1));
    const [typedName, firstname] = pick(names);
    const [typedEmail, email] = makeEmail(random, pick, index);
    const created_at = random() < 0.1 ? null : 1_500_000_000 + index;
    const kind = random();
    const digits = kind < 0.15 && people.length > 0 ? pick(people) : newDigits();
    const isValid = kind < 0.9;
    const padding = random() < 0.1 ? '  ' : '';
    const phone_main = isValid ? `${padding}${pick(['+7', '7', '8'])}${digits}${padding}` : pick(invalidPhones)(digits);
    rows.push({ ID, phone_main, FirstFIO: typedName, email_main: typedEmail, created_at });
    if (!isValid) {
      skipped += 1;
      continue;
    }
    people.push(digits);
    const known = customers.get(digits);
    if (known && BigInt(known.ID) > BigInt(ID)) continue;
    customers.set(digits, { ID, firstname, email: email === invalid ? null : email, created_at });
    emailOf.set(digits, email);
  }
  const invalid_emails = [...emailOf.values()].filter((email) => email === invalid).length;
  const emails_taken = leaveTakenEmailsOut(customers);
  const imported = customers.size;
  const duplicates = count - skipped - imported;
  const shuffled = rows.map((row) => ({ row, key: random() })).toSorted((a, b) => a.key - b.key);
  return {
    rows: shuffled.map(({ row }) => row),
    oracle: { counts: { read: count, imported, skipped, duplicates, invalid_emails, emails_taken }, customers },
  };
}

function makeEmail(
  random: () => number,
  pick: <T>(values: readonly T[]) => T,
  index: number,
): [typed: string | null, email: string | null | typeof invalid] {
  const kind = random();
  if (kind < 0.1) return [pick(invalidEmails), invalid];
  if (kind < 0.3) return [pick(emptyEmails), null];
  if (kind < 0.4) {
    const shared = `family${Math.floor(random() * 20)}@example.com`;
    return [pick([shared, shared.toUpperCase(), ` ${shared} `]), shared];
  }
  return [pick([`Person${index}@Example.com`, ` person${index}@example.com `]), `person${index}@example.com`];
}

/** The customer with the highest id keeps an e-mail. @returns how many were left out */
function leaveTakenEmailsOut(customers: Oracle['customers']): number {
  const taken = new Set<string>();
  let left_out = 0;
  const descending = [...customers.values()].toSorted((a, b) => (BigInt(a.ID) > BigInt(b.ID) ? -1 : 1));
  for (const customer of descending) {
    if (customer.email === null) continue;
    if (taken.has(customer.email)) {
      customer.email = null;
      left_out += 1;
    } else taken.add(customer.email);
  }
  return left_out;
}
