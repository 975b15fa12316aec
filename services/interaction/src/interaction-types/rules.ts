/** The types that every company has. */
export const builtIn: readonly string[] = [
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

/** The name of the type that is meant: without regard to case, and aliases without regard to accents. */
export function typeNamed(given: string): string {
  const name = given.toLowerCase().normalize('NFC');
  return aliases.get(name.normalize('NFD').replaceAll(/\p{M}/gu, '')) ?? name;
}
