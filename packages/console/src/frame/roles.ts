import type { TFunction } from 'i18next';

/** A role in the person's language; one that this console does not know yet as the server calls it. */
export const roleText = (role: string, t: TFunction): string =>
  t(`frame.role.${role}` as 'frame.role.admin', { defaultValue: role });
