import { Email } from '@clientela/validation';
import type { SourceRecord } from '../source-record.ts';

/** A row of the table `ZkzClients`. Texts are cut at `maxText`, the id at `maxId`, the phone at `maxPhone` characters. */
export type SourceRow = {
  row_id: string | null;
  phone: string | null;
  name: string | null;
  email: string | null;
  /** Seconds since 1970; some drivers return a bigint or a decimal as text. */
  registered: unknown;
};

export const maxId = 100;
export const maxPhone = 40;
export const maxText = 1000;

/** What became of the rows of one read. */
export type SourceCounts = {
  read: number;
  /** Rows without an id or a phone of the accepted form. */
  skipped: number;
  /** Rows whose last ten digits another row with a higher id has. */
  duplicates: number;
  /** E-mail addresses left out because they are invalid. */
  invalid_emails: number;
};

/** +7, 7 or 8, then ten digits. Blanks around them are the padding of a fixed-length column. */
const phoneForm = /^ *(?:\+7|7|8)(\d{10}) *$/;

/** Returns the last ten digits of a phone; undefined for a phone of another form. */
export const localDigitsOf = (phone: string | null): string | undefined => phoneForm.exec(phone ?? '')?.[1];

const maxName = 50; // characters
/** Characters that no one-line text may contain, and those that show nothing. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]+/gu;
const word = /\p{L}[\p{L}\p{M}]*/gu;
const apostrophe = /['’ʼ`]$/;
const afterUkrainianApostrophe = /^[яюєї]/;

/**
 * Writes a first name in title case, each part after a blank, a hyphen or an apostrophe as well, and cuts it at 50 characters. An
 * apostrophe before я, ю, є or ї belongs to the word, as in Дем’ян.
 * @returns undefined for a name without a visible character
 */
export function titleCaseName(name: string | null): string | undefined {
  const lower = (name ?? '')
    .toWellFormed()
    .replaceAll('\u{fffd}', '')
    .normalize('NFC')
    .replaceAll(unprintable, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .toLowerCase();
  const titled = lower.replaceAll(word, (part, offset: number) => {
    const isWithinWord = apostrophe.test(lower.slice(0, offset)) && afterUkrainianApostrophe.test(part);
    return isWithinWord ? part : capitalize(part);
  });
  const cut = [...titled].slice(0, maxName).join('').trim();
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(cut) ? cut : undefined;
}

function capitalize(part: string): string {
  const [first = '', ...rest] = part;
  return first.toUpperCase() + rest.join('');
}

/** @returns the normalized address; undefined without one, null for an invalid one */
export function emailOf(email: string | null): string | null | undefined {
  const trimmed = (email ?? '').trim().toLowerCase();
  if (trimmed === '') return undefined;
  const isCut = (email ?? '').length >= maxText;
  const parsed = Email.safeParse(trimmed);
  return parsed.success && !isCut ? parsed.data.toLowerCase() : null;
}

/**
 * Converts seconds since 1970 to an instant.
 * @param now milliseconds; a later time is an error of the source
 * @returns undefined for a missing, zero or impossible time
 */
export function instantOf(seconds: unknown, now: number): string | undefined {
  const isNumeric = typeof seconds === 'string' ? /^ *\d{1,11}(?:\.\d+)? *$/.test(seconds) : true;
  const milliseconds = seconds === null || !isNumeric ? Number.NaN : Math.floor(Number(seconds) * 1000);
  return milliseconds > 0 && milliseconds <= now ? new Date(milliseconds).toISOString() : undefined;
}

/** A row's source id that may become the customer's number. */
const numberForm = /^[1-9]\d{0,6}$/;

/**
 * Converts a row with a phone of the accepted form.
 * @param digits the last ten digits of its phone
 */
export function toSourceRecord(
  row: SourceRow & { row_id: string },
  digits: string,
  position: { row: number; now: number },
) {
  const email = emailOf(row.email);
  const firstname = titleCaseName(row.name);
  const created_at = instantOf(row.registered, position.now);
  const record: SourceRecord = {
    row: position.row,
    fields: {
      external_id: row.row_id,
      phone: `+7${digits}`,
      ...(numberForm.test(row.row_id) && { number: Number(row.row_id) }),
      ...(firstname !== undefined && { firstname }),
      ...(typeof email === 'string' && { email }),
    },
    notes: [],
    remarks: email === null ? [{ column: 'email_main', reason: 'is not an e-mail address' }] : [],
    ...(created_at !== undefined && { created_at }),
  };
  return record;
}

/** Returns a row's id as it becomes the external id; undefined for one that no customer can have. */
export function idOf({ row_id }: SourceRow): string | undefined {
  const id = row_id?.trim() ?? '';
  return id === '' || id.length > maxId || /[\p{C}\p{Zl}\p{Zp}]/u.test(id) || !id.isWellFormed() ? undefined : id;
}
