import type { Finding } from '@clientela/db';

export const error = (said: string): Finding => ({ level: 'error', text: said });
export const warning = (said: string): Finding => ({ level: 'warning', text: said });
