import { english } from './english.ts';
import { api, mailchimp, products } from './exports.ts';
import { comparedName, type HeaderNames } from './names.ts';
import { portuguese } from './portuguese.ts';
import { romanian } from './romanian.ts';
import { russian } from './russian.ts';
import { spanish } from './spanish.ts';

export const languages = ['en', 'es', 'pt', 'ro', 'ru'] as const;
export type Language = (typeof languages)[number];

export type HeaderTable = {
  names: HeaderNames;
  /** For the words of a language. */
  language?: Language;
  /** For an export: names that only its header has. Its table then comes first. */
  signature?: readonly string[];
};

/** What names of columns mean, by language and by export. Earlier tables count first, after that of the file's language. */
export const headerTables: readonly HeaderTable[] = [
  { names: mailchimp, signature: ['LEID', 'EUID'].map(comparedName) },
  { names: english, language: 'en' },
  { names: spanish, language: 'es' },
  { names: portuguese, language: 'pt' },
  { names: romanian, language: 'ro' },
  { names: russian, language: 'ru' },
  { names: products },
  { names: api },
];
