const contents = [
  'Comes on Fridays; keep a bag of the house blend.',
  'Pays by invoice, thirty days.',
  'Wants to be told when the new harvest is in.',
  'Met at the trade fair; interested in the machine.',
  'Moves in spring: ask for the new address.',
];

/** The notes of a customer: every fourth has one. */
export const noteOf = (index: number): string[] =>
  index % 4 === 3 ? [contents[index % contents.length] as string] : [];
