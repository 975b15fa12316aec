/** The body of `POST /api/customers/{customer_id}/interactions`. */
export type DemoInteraction = { type: string; notes: string; occurred_at: string } & Record<string, unknown>;

/** Templates. Appointment dates and complaint statuses are derived from the time of the interaction. */
const templates = [
  { type: 'call', notes: 'Asked which roast suits a moka pot; recommended Harbour Blend.', category: 'advice' },
  { type: 'sale', notes: 'Bought two bags of Midnight Espresso and a dripper.', category: 'shop' },
  { type: 'email', notes: 'Sent the price list for offices, with delivery every second Tuesday.', category: 'offer' },
  { type: 'appointment', notes: 'Tasting for four people.', category: 'tasting' },
  { type: 'visit', notes: 'Came by to try the new Yirgacheffe, and liked it.', category: 'shop' },
  {
    type: 'complaint',
    notes: 'The parcel arrived a week late and one bag was torn.',
    category: 'delivery',
    priority: 'high',
  },
  { type: 'note', notes: 'Prefers to be written to, not called. Allergic to almonds.' },
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
 * Builds one to three interactions of a customer, from the year before `now`.
 * @param index of the customer
 */
export function interactionsOf(index: number, now: Date): DemoInteraction[] {
  return Array.from({ length: 1 + (index % 3) }, (_, turn) => {
    const template = templates[(index * 5 + turn * 4) % templates.length] as (typeof templates)[number];
    const daysAgo = Math.floor(365 * (((index * 17 + turn * 101) % 365) / 365) ** 2); // recent ones are more frequent
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
