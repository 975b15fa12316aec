import { english } from './english.ts';
import type { HeaderNames } from './names.ts';
import { portuguese } from './portuguese.ts';
import { romanian } from './romanian.ts';
import { russian } from './russian.ts';
import { spanish } from './spanish.ts';

export const languages = ['en', 'es', 'pt', 'ro', 'ru'] as const;
export type Language = (typeof languages)[number];

/** The names of columns by language, and those of exports that are not words of a language. */
export const headerTables: readonly { language: Language | undefined; names: HeaderNames }[] = [
  { language: 'en', names: english },
  { language: 'es', names: spanish },
  { language: 'pt', names: portuguese },
  { language: 'ro', names: romanian },
  { language: 'ru', names: russian },
];
