import type { TFunction } from 'i18next';

/** A kind of contact in the person's language; a company's own one as it is called there. */
export const kindText = (kind: string, t: TFunction): string =>
  t(`customer.kinds.${kind}` as 'customer.kinds.note', { defaultValue: kind });

/** The state of an appointment or a complaint. */
export const interactionStatusText = (status: string, t: TFunction): string =>
  t(`customer.states.${status}` as 'customer.states.open', { defaultValue: status });
