import { dictionary } from '@zxcvbn-ts/language-common';

/** About 50,000 passwords that turned up most often in leaks, in lower case. */
const commonest: ReadonlySet<string> = new Set(dictionary['passwords-common']);

/** Whether a password is among the commonest, however its letters are written. */
export const isCommon = (password: string): boolean => commonest.has(password.normalize('NFKC').toLowerCase());
