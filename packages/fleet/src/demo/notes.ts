import type { Texts } from './texts.ts';

const contents = [
  'Comes on Fridays; keep a bag of the house blend.',
  'Pays by invoice, thirty days.',
  'Wants to be told when the new harvest is in.',
  'Met at the trade fair; interested in the machine.',
  'Moves in spring: ask for the new address.',
];

/** The notes of a customer: every fourth has one, half of them in the customer's language. */
export const noteOf = (index: number, texts: Texts): string[] =>
  index % 4 === 3 ? [index % 8 === 7 ? texts.note : (contents[index % contents.length] as string)] : [];
