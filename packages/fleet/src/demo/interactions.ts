import type { Texts } from './texts.ts';

/** The body of `POST /api/customers/{customer_id}/interactions`. */
export type DemoInteraction = { type: string; notes: string; occurred_at: string } & Record<string, unknown>;

/** Templates; those without notes have the text of their type in the customer's language. Appointment dates and complaint statuses are derived from the time of the interaction. */
const templates = [
  { type: 'call', category: 'advice' },
  { type: 'sale', category: 'shop' },
  { type: 'email', category: 'offer' },
  { type: 'appointment', category: 'tasting' },
  { type: 'visit', category: 'shop' },
  {
    type: 'complaint',
    category: 'delivery',
    priority: 'high',
  },
  { type: 'note' },
  {
    type: 'meeting',
    notes: 'Went through the subscription for the office: twelve people, two origins a month.',
    category: 'offer',
  },
  { type: 'call', notes: 'Grinder runs loud; explained how to set the burrs.', category: 'support' },
  { type: 'complaint', notes: 'The invoice shows the old address.', category: 'billing', priority: 'low' },
  { type: 'email', notes: 'Asked for the next training dates; answered with two in spring.', category: 'training' },
  { type: 'appointment', notes: 'Yearly maintenance of the Duo.', category: 'maintenance', priority: 'medium' },
  { type: 'sale', notes: 'Renewed the bean subscription for a year.', category: 'subscription' },
] as const;

const day = 86_400_000;

/**
 * Builds up to three interactions of a customer, since it came; appointments are of up to nine days later.
 * @param index of the customer
 */
export function interactionsOf(
  index: number,
  texts: Texts,
  { since, now }: { since: Date; now: Date },
): DemoInteraction[] {
  const age = (now.getTime() - since.getTime()) / day;
  return Array.from({ length: [0, 1, 0, 3][index % 4] ?? 0 }, (_, turn) => {
    const template = {
      notes: '',
      ...(templates[(index * 5 + turn * 4) % templates.length] as (typeof templates)[number]),
    };
    if (template.notes === '') template.notes = texts[template.type as keyof Texts];
    // Many appointments are of these days, so that some are today and in the coming days.
    const daysAgo = Math.floor(
      age * (((index * 17 + turn * 101) % 730) / 730) ** (template.type === 'appointment' ? 2 : 0.8),
    );
    const minutes = (index * 37) % 600;
    const occurredAt = Math.max(since.getTime(), now.getTime() - daysAgo * day - minutes * 60_000);
    const ahead = 1 + (Math.floor(index / 4) % 9);
    const scheduledAt = new Date(now.getTime() + (ahead - daysAgo) * day).setHours(9 + (index % 9), 0, 0, 0);
    return {
      ...template,
      occurred_at: new Date(occurredAt).toISOString(),
      ...outcome(template.type, daysAgo, ahead),
      ...(template.type === 'appointment' && { scheduled_at: new Date(scheduledAt).toISOString() }),
    };
  });
}

function outcome(type: string, daysAgo: number, ahead: number): { status?: string } {
  if (type === 'complaint')
    return { status: daysAgo > 60 ? 'closed' : daysAgo > 20 ? 'resolved' : daysAgo > 7 ? 'in_progress' : 'open' };
  if (type !== 'appointment') return {};
  return { status: daysAgo <= ahead ? 'booked' : daysAgo % 6 === 0 ? 'cancelled' : 'done' };
}
