import { z } from 'zod';

/**
 * One of a set of lower-case words, accepted in any case.
 * @param aliases maps further lower-case spellings to the word that each stands for
 */
export const keyword = <const Words extends readonly string[]>(
  words: Words,
  aliases: Readonly<Record<string, Words[number]>> = {},
) =>
  z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    const word = value.toLowerCase();
    return Object.hasOwn(aliases, word) ? aliases[word] : word;
  }, z.enum(words));
