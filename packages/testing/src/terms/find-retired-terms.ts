import { exceptions, retiredTerms } from './retired-terms.ts';

export type Finding = { line: number; term: string; use: string };

const patterns = Object.entries(retiredTerms).map(([term, use]) => ({
  term,
  use,
  // A name in kebab case counts in file names and imports only, not as an adjective such as "under test".
  pattern: new RegExp(`\\b${term}\\b`, 'i'),
  isPhrase: term.includes('-'),
}));

/** Separates the words of identifiers in camelCase, snake_case and kebab-case. */
const splitIdentifiers = (text: string) => text.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll(/[_-]/g, ' ');

/** Finds the retired terms in a text, apart from the exceptions of its path. */
export function findRetiredTerms(path: string, text: string): Finding[] {
  const rules = exceptions.filter((exception) => exception.path.test(path));
  if (rules.some(({ words }) => words === 'all')) return [];
  const allowed = new Set(rules.flatMap(({ words }) => words));
  return [path, ...text.split('\n')].flatMap((source, line) => {
    const words = splitIdentifiers(source);
    return patterns
      .filter(({ term, pattern, isPhrase }) => !allowed.has(term) && pattern.test(isPhrase ? source : words))
      .map(({ term, use }) => ({ line, term, use }));
  });
}
