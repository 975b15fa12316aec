import type { Cell } from './person.ts';
import { readLines } from './text.ts';

const maxNote = 500;
const maxNotes = 20;
/** What 20 notes can hold, with blanks around. */
const maxText = 100_000;

/** Finds where a note of at most 500 characters ends: behind a line, else behind a word, else in the middle. */
function endOfNote(characters: string[]): number {
  const line = characters.lastIndexOf('\n', maxNote);
  if (line > maxNote / 2) return line;
  const blank = characters.lastIndexOf(' ', maxNote);
  return blank > maxNote / 2 ? blank : maxNote;
}

/** Splits a longer text into several notes, so that nothing of it is lost. */
function splitNote(text: string): string[] {
  if (text.length <= maxNote) return [text];
  const notes: string[] = [];
  let rest = text;
  while (notes.length <= maxNotes && rest !== '') {
    // Twice as many code units as code points, at most.
    const characters = Array.from(rest.slice(0, maxNote * 2 + 2));
    const note =
      characters.length <= maxNote ? characters.join('') : characters.slice(0, endOfNote(characters)).join('');
    notes.push(note.trim());
    rest = rest.slice(note.length).trim();
  }
  return notes;
}

const tooLong = `is longer than ${maxNotes} notes of ${maxNote} characters; the rest was left out`;
/** Cuts a text, not within a character. */
const cut = (value: string) => value.slice(0, maxText).replace(/[\ud800-\udbff]$/, '');

/**
 * Reads the notes of a person. A text of more than 500 characters becomes several notes, up to 20 in all.
 * @param report receives the cells of which something was left out
 */
export function readNotes(cells: readonly Cell[], report: (column: string, reason: string) => void): string[] {
  const notes: string[] = [];
  const texts = new Set<string>();
  for (const { column, value } of cells) {
    const isCut = value.length > maxText;
    const { value: text, reason } = readLines(isCut ? cut(value) : value, maxText);
    if (reason) report(column, reason);
    else if (isCut) report(column, tooLong);
    if (text === undefined || texts.has(text)) continue;
    texts.add(text);
    for (const note of splitNote(text)) {
      if (notes.length < maxNotes) notes.push(note);
      else {
        report(column, tooLong);
        break;
      }
    }
  }
  return notes;
}
