import { z } from 'zod';
import { check } from './check.ts';

const controlCharacters = /\p{Cc}/u;
const controlCharactersExceptLines = /[^\P{Cc}\n\r\t]/u;
/**
 * A character that shows something. Others are white space, ignorable (zero-width, Hangul fillers, variation selectors), or drawn blank.
 */
export const visibleCharacter =
  /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\u2800\u{1d159}\u{13441}\u{13442}]/u;
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
    .overwrite((text) => (visibleCharacter.test(text) ? text.normalize('NFC').trim() : ''))
    .check(
      check(
        (text) => countCodePoints(text) >= min && countCodePoints(text) <= max,
        `must have ${min} to ${max} characters`,
      ),
    )
    .meta({ minLength: min, maxLength: max });

/** One line of text, trimmed and in NFC; without a visible character it is empty. `max` and `min` count code points. */
export const text = (max: number, min = 1) => cleanText(max, min, controlCharacters);

/** Like `text`, but allows line breaks and tabs. */
export const multilineText = (max: number, min = 1) => cleanText(max, min, controlCharactersExceptLines);

export const Uuid = z
  .uuid('must be a UUID')
  .overwrite((id) => id.toLowerCase())
  .meta({ format: 'uuid' });
