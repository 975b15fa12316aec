import { z } from 'zod';
import { check } from './check.ts';

const controlCharacters = /\p{Cc}/u;
const controlCharactersExceptLines = /[^\P{Cc}\n\r\t]/u;
const countCodePoints = (text: string) => [...text].length;

const cleanText = (max: number, min: number, forbidden: RegExp) =>
  z
    .string()
    .check(
      check(
        (text) => text.isWellFormed() && !forbidden.test(text),
        'must not contain control characters or broken Unicode',
      ),
    )
    .overwrite((text) => text.normalize('NFC').trim())
    .check(
      check(
        (text) => countCodePoints(text) >= min && countCodePoints(text) <= max,
        `must have ${min} to ${max} characters`,
      ),
    )
    .meta({ minLength: min, maxLength: max });

/** One line of text, trimmed and in NFC. `max` and `min` count code points. */
export const text = (max: number, min = 1) => cleanText(max, min, controlCharacters);

/** Like `text`, but allows line breaks and tabs. */
export const multilineText = (max: number, min = 1) => cleanText(max, min, controlCharactersExceptLines);

export const Uuid = z
  .uuid('must be a UUID')
  .overwrite((id) => id.toLowerCase())
  .meta({ format: 'uuid' });
