import type { Converted } from './text.ts';

type Gender = 'male' | 'female' | 'other';

/** Single letters but M, whose meaning depends on the column: Hombre, Varón, Homem; Bărbat; М of Cyrillic; Ж. */
const words: Readonly<Record<Gender, string>> = {
  male: 'male man boy mr h v b м masc masculine masculino masculin hombre varón varon homem bărbat barbat муж муж. мужской мужчина мужск',
  female:
    'female woman girl mrs ms f ж fem feminine femenino feminino feminin mujer mulher femeie жен жен. женский женщина женск',
  other: 'other o nonbinary non-binary diverse otro outro altul alta другой другое',
};
const genders = new Map(
  Object.entries(words).flatMap(([gender, list]) => list.split(' ').map((word) => [word, gender as Gender] as const)),
);
/** Words that say that the gender is not known. */
const unspecified = new Set(
  'x|unspecified|not specified|unknown|u|n|none|undefined|prefer not to say|rather not say|0|9|no especificado|sin especificar|desconocido|não especificado|nao especificado|desconhecido|não informado|nespecificat|necunoscut|не определен|не определён|не указан|не указано|неизвестно|нет'.split(
    '|',
  ),
);

/** Reads a gender in the five languages of headers. Words that say that it is unknown count as empty. */
export function readGender(value: string, genderOfM: 'male' | 'female' = 'male'): Converted<Gender> {
  const word = value.trim().toLowerCase();
  if (word === '' || unspecified.has(word) || word === '-' || word === '—') return {};
  const gender =
    word === 'm' || word === 'm.' ? genderOfM : (genders.get(word) ?? genders.get(word.replace(/\.$/, '')));
  return gender ? { value: gender } : { reason: 'is not a known word for a gender' };
}

/** Says what M means in a column, by its other values: Mujer beside V (varón) or H (hombre). */
export function genderOfM(values: Iterable<string>): 'male' | 'female' {
  for (const value of values) if (/^\s*[vh]\.?\s*$/i.test(value)) return 'female';
  return 'male';
}
