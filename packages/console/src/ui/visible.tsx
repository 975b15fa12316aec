import type { ReactNode } from 'react';
import styles from './visible.module.css';

/**
 * Characters that are not seen, but turn, split or join what is: marks of direction, breaks and joiners without width. The two joiners that
 * scripts and emoji need count beside Latin letters only.
 */
const hidden =
  /([\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF]|(?<=\p{Script=Latin})[\u200C\u200D])/u;

/** The number of a hidden character, as Unicode writes it. */
const codeOf = (character: string): string | undefined =>
  character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');

/** The text for where no element can stand, such as the title of a window: hidden characters are replaced by their numbers. */
export const visibleText = (text: string): string =>
  text
    .split(hidden)
    .map((part, index) => (index % 2 === 0 ? part : `[${codeOf(part)}]`))
    .join('');

/** Shows characters of a typed text that would hide or turn others as their number, so that no name looks like another one. They stay in the text. */
export function visible(text: string | null | undefined): ReactNode {
  if (text === null || text === undefined || !hidden.test(text)) return text;
  return text.split(hidden).map((part, index) => {
    if (index % 2 === 0) return part;
    return (
      // oxlint-disable-next-line react/no-array-index-key -- parts of a text have no other key
      <span key={index} className={styles.mark} data-code={codeOf(part)}>
        {part}
      </span>
    );
  });
}
