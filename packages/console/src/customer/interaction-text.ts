import type { TFunction } from 'i18next';
import type { Tone } from '../ui/pill.tsx';

/** A kind of contact in the person's language; a company's own one as it is called there. */
export const kindText = (kind: string, t: TFunction): string =>
  t(`customer.kinds.${kind}` as 'customer.kinds.note', { defaultValue: kind });

/** The state of an appointment or a complaint. */
export const interactionStatusText = (status: string, t: TFunction): string =>
  t(`customer.states.${status}` as 'customer.states.open', { defaultValue: status });

/** The colour of a state: green what is done, amber what waits. */
export function statusTone(status: string): Tone {
  if (['completed', 'done', 'resolved'].includes(status)) return 'green';
  return ['open', 'booked', 'pending'].includes(status) ? 'amber' : 'neutral';
}
