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
 * Builds up to three interactions of a customer, from the two years before `now`.
 * @param index of the customer
 */
export function interactionsOf(index: number, texts: Texts, now: Date): DemoInteraction[] {
  return Array.from({ length: [0, 1, 0, 3][index % 4] ?? 0 }, (_, turn) => {
    const template = {
      notes: '',
      ...(templates[(index * 5 + turn * 4) % templates.length] as (typeof templates)[number]),
    };
    if (template.notes === '') template.notes = texts[template.type as keyof Texts];
    const daysAgo = Math.floor(730 * (((index * 17 + turn * 101) % 730) / 730) ** 2); // recent ones are more frequent
    const occurred_at = new Date(now.getTime() - daysAgo * day - ((index * 37) % 600) * 60_000);
    return { ...template, occurred_at: occurred_at.toISOString(), ...outcome(template.type, daysAgo, occurred_at) };
  });
}

function outcome(type: string, daysAgo: number, occurred_at: Date): { status?: string; scheduled_at?: string } {
  if (type === 'complaint')
    return { status: daysAgo > 60 ? 'closed' : daysAgo > 20 ? 'resolved' : daysAgo > 7 ? 'in_progress' : 'open' };
  if (type !== 'appointment') return {};
  const scheduled_at = new Date(occurred_at.getTime() + 14 * day).toISOString();
  return { scheduled_at, status: daysAgo < 14 ? 'booked' : daysAgo % 6 === 0 ? 'cancelled' : 'done' };
}
