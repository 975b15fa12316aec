import type { DateOrder } from './person.ts';
import { isEmptyWord, type Converted } from './text.ts';

/** A date of birth in ISO 8601. `warning` says what is doubtful about a date that is valid; `isWithoutYear` that only day and month are known. */
type ConvertedDate = Converted<string> & { warning?: string; isWithoutYear?: boolean };

const monthNames: readonly string[] = [
  'january jan enero ene janeiro ianuarie ian январь января янв',
  'february feb febrero fevereiro fev februarie февраль февраля фев февр',
  'march mar marzo março marco martie март марта мар',
  'april apr abril abr aprilie апрель апреля апр',
  'may mayo maio mai май мая',
  'june jun junio junho iunie iun июнь июня июн',
  'july jul julio julho iulie iul июль июля июл',
  'august aug agosto ago август августа авг',
  'september sep sept septiembre setiembre set setembro septembrie сентябрь сентября сен сент',
  'october oct octubre outubro out octombrie октябрь октября окт',
  'november nov noviembre novembro noiembrie noi ноябрь ноября ноя нояб',
  'december dec diciembre dic dezembro dez decembrie декабрь декабря дек',
];
const months = new Map(
  monthNames.flatMap((names, index) => names.split(' ').map((name) => [name, index + 1] as const)),
);
/** Words between the parts of a date. */
const fillWords = new Set(['de', 'del', 'of', 'the', 'г', 'года', 'год']);

const timeOfDay =
  /(?:T|,?\s+)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]\.?\s?m\.?)?\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2})?$/i;
/** The time of basic ISO 8601, as vCards have it. */
const basicTime = /^(\d{8})T\d{4,6}(?:Z|[+-]\d{2}:?\d{0,2})?$/i;
const zeros = /^0{1,4}[-./ ]0{1,4}[-./ ]0{1,4}$/;
const isoLike = /^(\d{4})[-./](\d{1,2})[-./](\d{1,2})$/;
const basic = /^(\d{4})(\d{2})(\d{2})$/;
const numeric = /^(\d{1,2})([-./ ])(\d{1,2})\2(\d{4}|\d{2})$/;
const numericWithoutYear = /^(?:--\d{2}-?\d{2}|\d{1,2}[-./]\d{1,2}\.?)$/;
/** Years by which programs say that the year is unknown. */
const unknownYears = new Set([0, 1604]);

/** Bounds the work for a hostile value. */
const maxDate = 100;

const noYear: ConvertedDate = { reason: 'has no year', isWithoutYear: true };
const noDate: ConvertedDate = { reason: 'is not a date' };

/**
 * Reads a date of birth. The empty dates of programs, such as 0/0/00 and 01/01/0001, are empty.
 * @param order of day and month where both could be either
 * @param today in ISO 8601, by which two-digit years are read
 */
export function readDate(value: string, order: DateOrder, today: string): ConvertedDate {
  if (value.length > maxDate) return value.trim() === '' ? {} : noDate;
  const text = value
    .replaceAll(/[\u00a0\u202f]/g, ' ')
    .trim()
    .replace(/^['’]/, '')
    .replace(timeOfDay, '')
    .replace(basicTime, '$1')
    .trim();
  if (text === '' || text === '0' || zeros.test(text) || isEmptyWord(text)) return {};
  const iso = isoLike.exec(text) ?? basic.exec(text);
  if (iso) return toDate(Number(iso[1]), Number(iso[2]), Number(iso[3]), today);
  const parts = numeric.exec(text);
  if (parts) {
    const { day, month } = dayAndMonth(Number(parts[1]), Number(parts[3]), parts[2] === '.' ? 'dmy' : order);
    return toDate(fullYear(parts[4] ?? '', month, day, today), month, day, today);
  }
  if (numericWithoutYear.test(text)) return noYear;
  return readMonthName(text, today);
}

/** A part above 12 is the day, whatever the order. */
function dayAndMonth(first: number, second: number, order: DateOrder) {
  const isDayFirst = first > 12 || (order === 'dmy' && second <= 12);
  return isDayFirst ? { day: first, month: second } : { day: second, month: first };
}

/** Expands a year of two digits: 19xx where 20xx would lie in the future. */
function fullYear(year: string, month: number, day: number, today: string): number {
  if (year.length === 4) return Number(year);
  const century = Number(`20${year}`);
  return format(century, month, day) > today ? century - 100 : century;
}

const format = (year: number, month: number, day: number): string =>
  `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;

const daysOf = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
};

function toDate(year: number, month: number, day: number, today: string): ConvertedDate {
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year === 0 ? 4 : year, month);
  if (!isDay) return month === 0 || day === 0 ? noDate : { reason: 'is not a day of the calendar' };
  if (unknownYears.has(year)) return noYear;
  const date = format(year, month, day);
  if (date === '0001-01-01' || date === '1899-12-30') return {};
  if (date > today) return { reason: 'must not be in the future' };
  return date === '1900-01-01' ? { value: date, warning: 'is often a placeholder; it was imported' } : { value: date };
}

/** Reads a date with the name of its month: 12 June 1985, June 12th, 1985, 12-Jun-85, 12 de junho de 1985, 12 июня 1985 г. */
function readMonthName(text: string, today: string): ConvertedDate {
  let month: number | undefined;
  let year: string | undefined;
  const numbers: string[] = [];
  for (const word of text.toLowerCase().split(/[\s,./-]+/)) {
    const number = /^(\d{1,4})(?:st|nd|rd|th|º|°|-?го|-?е)?$/.exec(word)?.[1];
    if (number?.length === 4) year = number;
    else if (number !== undefined) numbers.push(number);
    else if (month === undefined && months.has(word)) month = months.get(word);
    else if (word !== '' && !fillWords.has(word)) return noDate;
  }
  const [day, shortYear, ...rest] = numbers;
  if (month === undefined || day === undefined || rest.length > 0) return noDate;
  if (year === undefined && shortYear === undefined) return noYear;
  if (year !== undefined && shortYear !== undefined) return noDate;
  if (day.length > 2 || (shortYear !== undefined && shortYear.length !== 2)) return noDate;
  return toDate(fullYear(year ?? shortYear ?? '', month, Number(day), today), month, Number(day), today);
}

/** Says in which order a date with slashes or hyphens has its day and month; undefined where both could be either. */
export function dateOrderOf(value: string): DateOrder | undefined {
  if (value.length > maxDate) return undefined;
  const [, first, separator, second] = numeric.exec(value.trim().replace(timeOfDay, '')) ?? [];
  if (separator === undefined || separator === '.') return undefined;
  const [isDayFirst, isMonthFirst] = [Number(first) > 12, Number(second) > 12];
  if (isDayFirst === isMonthFirst) return undefined;
  return isDayFirst ? 'dmy' : 'mdy';
}
