import { normalizePhone, Phone } from '@clientela/validation/phones';
import { phoneKinds, type PhoneKind, type PhonePart } from './person.ts';
import { textFault, withoutTextMark } from './text.ts';

/** Digits that a spreadsheet has rounded: 3,46123E+10. */
const spoilt = /^[+-]?\d+(?:[.,]\d+)?e\+?\d+$/i;
/** A number that went through a column of decimals. */
const decimalEnd = /^(\+?\d{5,})[.,]0+$/;
/** Marks of writing direction, zero-width characters and soft hyphens. */
const invisible = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const blanks = /[\s\u00a0\u2000-\u200a\u202f\u205f\u3000]+/g;
const hyphens = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/g;

const always = /\s*(?::::|[\r\n\v\t|])\s*/;
/** A comma, semicolon or slash before something else than an extension. */
const perhaps =
  /\s*(?:;(?!\s*ext\b)|,(?![\s,]*(?:,|ext|x|доб|int|anexo|#))(?<!,,)|\/|\s(?:or|o|ou|sau|или|y|e|и)\s)\s*/iu;
/** A second international number without a separator. */
const beforePlus = /(?<=\d[)\s]*)\s(?=\+\d)/;

const countDigits = (text: string) => text.match(/\p{Nd}/gu)?.length ?? 0;
/** Fewer digits are an area code at the start of a number, and more of the number before at its end. */
const minDigits = 5;

/** Joins the pieces that are no numbers of their own: `0221/123456` is one number. */
function joinAreaCodes(pieces: readonly string[]): string[] {
  const numbers: string[] = [];
  for (const piece of pieces) {
    const previous = numbers.at(-1);
    if (previous !== undefined && countDigits(previous) < minDigits)
      numbers[numbers.length - 1] = `${previous} ${piece}`;
    else numbers.push(piece);
  }
  return numbers;
}

/** Words before and after a number: `моб. 8 999…`, `… (work)`. */
const wordsAround = /^[\p{L}.:\s]+(?=[+(\p{Nd}])|(?<=[\p{Nd})])\s*[([]?[\p{L}\s.]{2,}[)\]]?$/gu;
const extensionWord = /ext|x|доб|int|anexo|[;,#~]/iu;

/** Returns a number that only its punctuation makes too long; one with an extension stays. */
const withoutPunctuation = (number: string): string =>
  extensionWord.test(number) ? number : number.replaceAll(/[^\p{Nd}+]/gu, '');

const isPhone = (text: string) => text.length >= 5 && Phone.safeParse(text).success;

function readNumber(text: string): string | undefined {
  // A number with words around it could not be normalized.
  const candidates = [text.replaceAll(wordsAround, '').trim(), text.trim()];
  return [...candidates, ...candidates.map(withoutPunctuation)].find(isPhone);
}

/** Only digits and the usual punctuation: one number, without a look at what could separate two. */
const plainNumber = /^\+?[\d ().-]{5,20}$/;
const maxCell = 1000;

type Numbers = { numbers: string[]; reason?: string };

/** Splits a cell into phone numbers as they were typed. */
function splitPhones(value: string): Numbers {
  if (plainNumber.test(value) && !decimalEnd.test(value) && isPhone(value.trim())) return { numbers: [value.trim()] };
  const fault = value.length > maxCell ? 'is too long for phone numbers' : textFault(value);
  if (fault) return { numbers: [], reason: fault };
  const cleaned = withoutTextMark(value.replaceAll(invisible, '').replaceAll(hyphens, '-'))
    .replace(/^\s*="?|"\s*$/g, '')
    .replace(/^\s*(?:tel|callto|sms):/i, '');
  const typed = cleaned.trim().replace(decimalEnd, '$1');
  if (typed === '' || /^[-–—.]$/.test(typed)) return { numbers: [] };
  if (spoilt.test(typed)) return { numbers: [], reason: 'was rounded by a spreadsheet, its digits are lost' };
  const pieces = typed
    .split(always)
    .map((piece) => piece.replaceAll(blanks, ' '))
    .flatMap((piece) => joinAreaCodes(piece.split(perhaps)))
    .flatMap((piece) => piece.split(beforePlus))
    .filter((piece) => piece.trim() !== '');
  const numbers = pieces.map(readNumber);
  const found = numbers.filter((number) => number !== undefined);
  if (found.length === pieces.length) return { numbers: found };
  return {
    numbers: found,
    reason: found.length > 0 ? 'has a part that is not a phone number' : 'is not a phone number',
  };
}

type Candidate = { typed: string; kind: PhoneKind; preferred: boolean };

const rank = ({ kind, preferred }: Candidate) => (preferred ? -1 : phoneKinds.indexOf(kind));
const isVoice = ({ kind }: Candidate) => kind !== 'fax' && kind !== 'pager';

const isPlain = (typed: string) => /^[\d\s()+.-]*$/.test(typed);
const lastDigits = (typed: string) => typed.replaceAll(/\D/g, '').slice(-4);
/** Whether two typed numbers could be one: their last digits are equal, or words or an extension hide them. */
const isSimilar = (one: string, other: string) =>
  !isPlain(one) || !isPlain(other) || lastDigits(one) === lastDigits(other);

/** The phone as typed, the other numbers normalized. */
export type Phones = { phone?: string; phones: string[]; fax: string[]; pager: string[] };

/**
 * Reads the phones of a person: a preferred number first, else mobile, work or main, home, others. Fax and pager are no phones.
 * @param country by which national numbers are read
 * @param report receives the cells that hold something else
 */
export function readPhones(
  parts: readonly PhonePart[],
  country: string,
  report: (column: string, reason: string) => void,
): Phones {
  const candidates: Candidate[] = [];
  for (const { column, value, kind = 'other', preferred = false } of parts) {
    const { numbers, reason } = splitPhones(value);
    if (reason) report(column, reason);
    for (const typed of numbers) candidates.push({ typed, kind, preferred });
  }
  const [first, ...others] = candidates.filter(isVoice).toSorted((one, other) => rank(one) - rank(other));
  const normalized = (list: readonly Candidate[]) => list.map(({ typed }) => normalizePhone(typed, country));
  // Normalizing costs 10 µs; few are similar.
  const isLikeFirst = first && others.some(({ typed }) => isSimilar(typed, first.typed));
  const known = new Set(isLikeFirst ? normalized([first]) : []);
  const phones = normalized(others).filter((phone) => !known.has(phone) && known.add(phone));
  const ofKind = (kind: PhoneKind) => [
    ...new Set(normalized(candidates.filter((candidate) => candidate.kind === kind))),
  ];
  return { ...(first && { phone: first.typed }), phones, fax: ofKind('fax'), pager: ofKind('pager') };
}

const kindPatterns: readonly (readonly [PhoneKind, RegExp])[] = [
  ['fax', /fax|факс/],
  ['pager', /pager|пейджер|telex|телекс|tty|телетайп|isdn/],
  ['mobile', /mobil|móvil|movil|m[oó]vel|cell|celular|celul|iphone|handy|whatsapp|моб|сот|переносн/],
  [
    'work',
    /work|business|office|compan|trabajo|trabalho|oficina|empresa|escrit[oó]rio|comercial|serviciu|munc|birou|раб|служеб|офис|организац/,
  ],
  ['home', /home|casa|acas[aă]|domicil|particular|residen|дом/],
  ['main', /main|primary|principal|основн|главн/],
];

/** Finds the kind of a phone in its label or column name, in the five languages of headers. */
export function phoneKind(label: string): PhoneKind {
  const lower = label.slice(0, 100).toLowerCase();
  return kindPatterns.find(([, pattern]) => pattern.test(lower))?.[0] ?? 'other';
}
