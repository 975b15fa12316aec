import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const languages = ['en', 'es', 'pt', 'ro', 'ru'];
type Tree = { [key: string]: string | Tree };

const files = (language: string) =>
  readdirSync(join(import.meta.dirname, language)).filter((name) => name.endsWith('.json'));
const read = (language: string, file: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, language, file), 'utf8')) as Tree;
const flatten = (tree: Tree, path = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : flatten(value, `${path}${key}.`),
  );
const plural = /_(?:zero|one|two|few|many|other)$/;

test.each(languages.slice(1))('%s has every text, with the plural forms and the values that it needs', (language) => {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
  expect(files(language)).toEqual(files('en'));
  for (const file of files('en')) {
    const english = flatten(read('en', file));
    const texts = new Map(flatten(read(language, file)));
    const countable = new Set(english.filter(([key]) => plural.test(key)).map(([key]) => key.replace(plural, '')));
    const expected = english
      .filter(([key]) => !plural.test(key))
      .map(([key]) => key)
      .concat([...countable].flatMap((key) => forms.map((form) => `${key}_${form}`)));
    expect([...texts.keys()].toSorted(), file).toEqual(expected.toSorted());
    for (const [key, text] of english) {
      const values = (of: string) => [...of.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).toSorted();
      const translated = texts.get(key) ?? texts.get(`${key.replace(plural, '')}_other`) ?? '';
      expect(values(translated), `${file} ${key}`).toEqual(values(text));
    }
  }
});
