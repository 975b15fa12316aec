import type { ByteLine } from '../byte-lines.ts';

/** One card of a file: its unfolded lines as bytes, without BEGIN and END. */
export type Card = {
  /** Counts the cards of the file from 1. */
  number: number;
  lines: string[];
  /** Properties with a value that was not read: binary ones, nested cards, and those that are too long. */
  omitted: { property: string; why: 'binary' | 'nested' | 'too long' }[];
  isTooLarge: boolean;
  hasEnd: boolean;
};

/** Bounds of what is kept of a card, in bytes. */
export const maxLine = 256 * 1024;
const maxCard = 1024 * 1024;

const begin = /^\s*BEGIN\s*:\s*VCARD\s*$/i;
const end = /^\s*END\s*:\s*VCARD\s*$/i;
/** Values that are pictures, sounds and keys, in whatever form. */
const media = new Set(['PHOTO', 'LOGO', 'SOUND', 'KEY']);
const binaryHeader = /;(?:ENCODING=)?(?:B|BASE64)(?=[;:]|$)/i;
const quotedPrintable = /;(?:ENCODING=)?QUOTED-PRINTABLE(?=[;:]|$)/i;
const base64Line = /^[A-Za-z0-9+/=\s]*$/;

const headerOf = (line: string): string => {
  const colon = line.indexOf(':');
  return colon === -1 ? line.slice(0, 200) : line.slice(0, colon);
};

/** Returns the name of a line's property in upper case, without its group. */
export const propertyOf = (line: string): string => {
  const name = /^[^;:]{0,100}/.exec(line)?.[0] ?? '';
  return name
    .slice(name.lastIndexOf('.') + 1)
    .trim()
    .toUpperCase();
};

/** The line that is being unfolded. */
type OpenLine = { text: string; isBinary: boolean; isQuotedPrintable: boolean; isTooLong: boolean };

/** Assembles cards from the lines of a file, one at a time. */
export function createCardAssembler(): {
  push: (line: ByteLine) => Card | undefined;
  end: () => Card | undefined;
  /** Lines with a text outside of cards. */
  strayLines: () => number;
} {
  let number = 0;
  let strayLines = 0;
  let card: Card | undefined;
  let size = 0;
  let nesting = 0;
  let open: OpenLine | undefined;
  let lastProperty = '';

  const finish = (hasEnd: boolean): Card | undefined => {
    closeLine();
    const finished = card && { ...card, hasEnd };
    card = undefined;
    nesting = 0;
    return finished;
  };

  const closeLine = () => {
    if (!open) return;
    const { text, isBinary, isTooLong } = open;
    open = undefined;
    if (text === '') return;
    lastProperty = propertyOf(text);
    if (!card) {
      strayLines += 1;
      return;
    }
    if (nesting > 0 || card.isTooLarge) return;
    if (isBinary || isTooLong) {
      card.omitted.push({ property: lastProperty, why: isBinary ? 'binary' : 'too long' });
      size += 64;
    } else {
      card.lines.push(text);
      size += text.length + 64;
    }
    if (size > maxCard) card = { ...card, lines: [], omitted: [], isTooLarge: true };
  };

  const startCard = () => {
    number += 1;
    size = 0;
    card = { number, lines: [], omitted: [], isTooLarge: false, hasEnd: false };
  };

  /** Adds a folded line to the open one. */
  const extend = (part: string, isCut: boolean) => {
    if (!open || open.isBinary || open.isTooLong) return;
    if (isCut || open.text.length + part.length > maxLine)
      open = { ...open, text: open.text.slice(0, 200), isTooLong: true };
    else open.text += part;
  };

  const isFolded = (bytes: string) => open !== undefined && (bytes.startsWith(' ') || bytes.startsWith('\t'));
  const is21 = () => card?.lines[0]?.trim().toUpperCase() === 'VERSION:2.1';

  const push = ({ bytes, isCut }: ByteLine): Card | undefined => {
    if (bytes.length < 100 && begin.test(bytes)) {
      closeLine();
      const isNested = card !== undefined && lastProperty === 'AGENT';
      lastProperty = '';
      if (isNested) {
        if (nesting === 0) card?.omitted.push({ property: 'AGENT', why: 'nested' });
        nesting += 1;
        return undefined;
      }
      const unfinished = finish(false);
      startCard();
      return unfinished;
    }
    if (bytes.length < 100 && end.test(bytes) && card) {
      closeLine();
      if (nesting === 0) return finish(true);
      nesting -= 1;
      return undefined;
    }
    if (open?.isQuotedPrintable && open.text.endsWith('=')) {
      open.text = open.text.slice(0, -1);
      extend(bytes, isCut);
    } else if (isFolded(bytes)) extend(is21() ? bytes : bytes.slice(1), isCut);
    else if (!(open?.isBinary && !bytes.includes(':') && bytes !== '' && base64Line.test(bytes))) {
      closeLine();
      open = openLine(bytes, isCut);
    }
    return undefined;
  };

  return { push, end: () => finish(false), strayLines: () => strayLines };
}

function openLine(bytes: string, isCut: boolean): OpenLine {
  const header = headerOf(bytes);
  const isBinary = media.has(propertyOf(header)) || binaryHeader.test(header);
  const isTooLong = !isBinary && (isCut || bytes.length > maxLine);
  return {
    text: isBinary || isTooLong ? header : bytes,
    isBinary,
    isQuotedPrintable: quotedPrintable.test(header),
    isTooLong,
  };
}
