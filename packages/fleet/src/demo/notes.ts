/** What somebody jotted down about a customer. */
const contents = [
  'Comes on Fridays; keep a bag of the house blend.',
  'Pays by invoice, thirty days.',
  'Wants to be told when the new harvest is in.',
  'Met at the trade fair; interested in the machine.',
  'Moves in spring: ask for the new address.',
];

/** The notes of the customer at this place: every fourth has one. */
export const noteOf = (at: number): string[] => (at % 4 === 3 ? [contents[at % contents.length] as string] : []);
