/**
 * Returns searches that must not find letters: parts of their code points, in hexadecimal and decimal notation, whole and decomposed.
 * @param texts of scripts that are not transliterated
 */
export function digitsOfLetters(...texts: readonly string[]): string[] {
  const text = texts.join('');
  const letters = [...text, ...text.normalize('NFKD')].filter((letter) => letter > '\u024f');
  const numbers = letters.flatMap((letter) => {
    const codePoint = letter.codePointAt(0) ?? 0;
    return [codePoint.toString(16).padStart(6, '0'), String(codePoint)];
  });
  return [...new Set(numbers.flatMap((number) => [number, number.slice(2), number.slice(-3), number.slice(2, 4)]))];
}
