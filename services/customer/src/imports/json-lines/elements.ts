import type { ByteLine } from '../byte-lines.ts';

const code = {
  quote: 0x22,
  comma: 0x2c,
  backslash: 0x5c,
  openBracket: 0x5b,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
};

/**
 * Splits a JSON array into the texts of its elements, as bytes, which the caller parses. Memory is bounded by one block and one element.
 * @param maxLength of an element, in bytes; a longer one is cut
 * @returns the elements of one block at a time; the last one is incomplete where the array has no end
 */
export async function* readJsonElements(blocks: AsyncIterable<Buffer>, maxLength: number): AsyncGenerator<ByteLine[]> {
  let depth = 0;
  let [isString, isEscaped, isCut, isAfterComma] = [false, false, false, false];
  let rest = '';
  const elements: ByteLine[] = [];
  const append = (part: string) => {
    if (rest.length + part.length > maxLength) isCut = true;
    rest += part.slice(0, Math.max(0, maxLength - rest.length));
  };
  const endElement = (isLast: boolean) => {
    const bytes = rest.trim();
    // Nothing follows the comma, or stands between the brackets.
    if (bytes !== '' || isCut || isAfterComma || !isLast) elements.push({ bytes, isCut });
    isAfterComma = !isLast;
    [rest, isCut] = ['', false];
  };
  for await (const block of blocks) {
    const text = block.toString('latin1');
    let start = 0;
    for (let index = 0; index < text.length; index += 1) {
      const character = text.charCodeAt(index);
      if (isString) {
        if (isEscaped) isEscaped = false;
        else if (character === code.backslash) isEscaped = true;
        else if (character === code.quote) isString = false;
      } else if (character === code.quote) isString = true;
      else if (character === code.openBrace || character === code.openBracket) {
        depth += 1;
        if (depth === 1) start = index + 1;
      } else if (character === code.closeBrace || character === code.closeBracket) {
        if (depth === 1) {
          append(text.slice(start, index));
          endElement(true);
          isAfterComma = false;
          start = index + 1;
        }
        depth -= 1;
      } else if (character === code.comma && depth === 1) {
        append(text.slice(start, index));
        endElement(false);
        start = index + 1;
      }
    }
    append(text.slice(start));
    if (elements.length > 0) yield elements.splice(0);
  }
  if (rest.trim() !== '' || isCut) yield [{ bytes: rest.trim(), isCut }];
}
