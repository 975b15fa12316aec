import { currentLanguage } from '../messages/index.ts';

/** Makes a formatter once for each language, because making one costs far more than formatting. */
export const cached = <T>(make: (language: string) => T): (() => T) => {
  const made = new Map<string, T>();
  return () => {
    const language = currentLanguage();
    const known = made.get(language) ?? make(language);
    made.set(language, known);
    return known;
  };
};

const numbers = cached((language) => new Intl.NumberFormat(language));
const amounts = cached(
  (language) => new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
);
const dates = cached((language) => new Intl.DateTimeFormat(language, { dateStyle: 'medium' }));
const days = cached((language) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }));
const instants = cached((language) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }));
const relative = cached((language) => new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'long' }));

export const formatNumber = (value: number): string => numbers().format(value);
/** The day of an instant, in the person's time zone. */
export const formatDate = (instant: string): string => dates().format(new Date(instant));
/** A date without time, such as a birthday, which no time zone moves. */
export const formatDay = (date: string): string => days().format(new Date(`${date}T00:00:00Z`));
export const formatInstant = (instant: string): string => instants().format(new Date(instant));

/** Formats an amount from its decimal string, which never becomes a float. */
export function formatMoney(amount: string, currency: string): { number: string; currency: string } {
  return { number: amounts().format(amount as `${number}`), currency };
}

/** What a code means, such as `DE` or `en-NG`; the code itself where it is none. */
export function formatCode(code: string, type: 'region' | 'language' | 'currency'): string {
  const pattern = {
    region: /^[a-z]{2}$/i,
    language: /^[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?$/,
    currency: /^[a-z]{3}$/i,
  }[type];
  if (!pattern.test(code)) return code;
  const known = type === 'language' ? code : code.toUpperCase();
  const name = new Intl.DisplayNames(currentLanguage(), { type }).of(known) ?? code;
  return name.charAt(0).toLocaleUpperCase() + name.slice(1);
}

const units = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** Says how long ago an instant is: `3 days ago`. */
export function formatRelative(instant: string, now = Date.now()): string {
  const seconds = (Date.parse(instant) - now) / 1000;
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return unit === 'second' ? relative().format(0, 'second') : relative().format(Math.trunc(seconds / size), unit);
}
