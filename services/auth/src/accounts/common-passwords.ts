import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
let commonest: ReadonlySet<string> | undefined;

/** About 50,000 passwords that turned up most often in leaks, in lower case; read when the first password is chosen. */
function list(): ReadonlySet<string> {
  const { dictionary } = require('@zxcvbn-ts/language-common') as typeof import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}

/** Whether a password is among the commonest, however its letters are written. */
export const isCommon = (password: string): boolean =>
  (commonest ??= list()).has(password.normalize('NFKC').toLowerCase());
