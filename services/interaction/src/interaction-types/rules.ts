/** Types that are available in every company. */
export const builtInTypes: readonly string[] = [
  'call',
  'email',
  'meeting',
  'appointment',
  'complaint',
  'visit',
  'sale',
  'note',
];

const aliases = new Map([
  ['venda', 'sale'],
  ['ligacao', 'call'],
  ['reuniao', 'meeting'],
  ['contato', 'note'],
]);

/** Returns the canonical name of a type: lower case, with aliases resolved ignoring accents. */
export function canonicalTypeName(input: string): string {
  const name = input.toLowerCase().normalize('NFC');
  return aliases.get(name.normalize('NFD').replaceAll(/\p{M}/gu, '')) ?? name;
}
