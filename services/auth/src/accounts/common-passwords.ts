import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
let commonPasswords: ReadonlySet<string> | undefined;

/** Loads about 50,000 passwords that are most frequent in leaks, in lower case. */
function loadPasswords(): ReadonlySet<string> {
  const { dictionary } = require('@zxcvbn-ts/language-common') as typeof import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}

/** Checks a password against the list of common ones, ignoring case; loads the list on first use. */
export const isCommonPassword = (password: string): boolean =>
  (commonPasswords ??= loadPasswords()).has(password.normalize('NFKC').toLowerCase());
