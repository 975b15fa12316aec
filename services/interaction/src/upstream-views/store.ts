import type { Db, Query } from '@clientela/db';
import { statuses as ofInteractions } from '../interactions/rules.ts';
import { statuses as ofTransactions } from '../transactions/rules.ts';
import type { AppointmentView, ComplaintView, OrderView } from './schema.ts';

/** Whose records, and how many of which status are listed. */
export type Asked = { company_id: string; customer_id: string; limit: number; status?: string | undefined };

type How = {
  /** The name of the list. */
  name: string;
  statuses: readonly string[];
  /** Aggregates by the names under which they are answered. */
  summary: Record<string, ReturnType<Db['raw']>>;
  columns: readonly string[];
  /** The instant by which they are ordered, the newest first. */
  at: string;
  /** Which of the records are counted by status and listed; left out: all. */
  only?: string;
};

type Row = Record<string, unknown>;
const pick = (row: Row, names: readonly string[]) => Object.fromEntries(names.map((name) => [name, row[name]]));

/** What all of a customer's records come to, and the newest, as of one moment: one statement, with a row for each listed record. */
async function view(
  db: Db,
  mine: Query,
  { name, statuses, summary, columns, at, only = 'true' }: How,
  { limit, status }: Asked,
): Promise<unknown> {
  const byStatus = statuses.map((one) => [one, db.raw(`count(*) filter (where status = ? and ${only})`, [one])]);
  const counted = mine
    .clone()
    .select({ ...summary, ...Object.fromEntries(byStatus), as_of: db.raw('now()::timestamptz(3)') });
  const listed = mine
    .clone()
    .select(columns as string[])
    .select({ place: db.raw(at) })
    .whereRaw(only)
    .orderByRaw(`${at} desc, id desc`)
    .limit(limit);
  if (status) void listed.where({ status });
  const rows: Row[] = await db
    .with('counted', counted)
    .with('listed', listed)
    .from('counted')
    .joinRaw('left join listed on true')
    .orderByRaw('place desc, id desc');
  const [first = {}] = rows;
  return {
    summary: pick(first, Object.keys(summary)),
    status_breakdown: pick(first, statuses),
    [name]: rows.filter(({ id }) => id !== null).map((row) => pick(row, columns)),
    as_of: first['as_of'],
  };
}

const times = ['occurred_at', 'created_at', 'updated_at'];

/**
 * Pending and completed orders count, refunds of them are subtracted: as the customer's counters say it.
 * @param currency the company's: amounts in others are in no sum
 */
export function viewOrders(db: Db, asked: Asked, currency: string): Promise<OrderView> {
  const { company_id, customer_id } = asked;
  const mine = db('transactions').where({ company_id, customer_id }).whereRaw(`kind in ('order', 'refund')`);
  const orders = `count(*) filter (where kind = 'order' and status <> 'cancelled')`;
  const value = `coalesce(sum(case kind when 'order' then amount else -amount end)
    filter (where status <> 'cancelled' and currency = ?), 0)`;
  const how = {
    name: 'orders',
    statuses: ofTransactions,
    summary: {
      total_orders: db.raw(orders),
      total_order_value: db.raw(`${value}::numeric(30, 2)`, [currency]),
      average_order_value: db.raw(`coalesce(${value} / nullif(${orders}, 0), 0)::numeric(30, 2)`, [currency]),
      last_order_date: db.raw(`max(occurred_at) filter (where kind = 'order' and status <> 'cancelled')`),
    },
    columns: [
      'id',
      'order_id',
      'status',
      'direction',
      'amount',
      'currency',
      'product_id',
      'description',
      'external_ref',
      ...times,
    ],
    at: 'occurred_at',
    only: `kind = 'order'`,
  };
  return view(db, mine, how, asked) as Promise<OrderView>;
}

export function viewComplaints(db: Db, asked: Asked): Promise<ComplaintView> {
  const { company_id, customer_id } = asked;
  const mine = db('interactions').where({ company_id, customer_id, type: 'complaint' });
  const how = {
    name: 'complaints',
    statuses: ofInteractions.complaint,
    summary: {
      total_complaints: db.raw('count(*)'),
      open_complaints: db.raw(`count(*) filter (where status in ('open', 'in_progress'))`),
      resolved_complaints: db.raw(`count(*) filter (where status in ('resolved', 'closed'))`),
      last_complaint_date: db.raw('max(occurred_at)'),
    },
    columns: ['id', 'status', 'priority', 'category', ...times],
    at: 'occurred_at',
  };
  return view(db, mine, how, asked) as Promise<ComplaintView>;
}

export function viewAppointments(db: Db, asked: Asked): Promise<AppointmentView> {
  const { company_id, customer_id } = asked;
  const mine = db('interactions').where({ company_id, customer_id, type: 'appointment' });
  const at = 'coalesce(scheduled_at, occurred_at)';
  const how = {
    name: 'appointments',
    statuses: ofInteractions.appointment,
    summary: {
      total_appointments: db.raw('count(*)'),
      cancelled_appointments: db.raw(`count(*) filter (where status = 'cancelled')`),
      last_appointment_date: db.raw(`max(${at})`),
    },
    columns: ['id', 'status', 'scheduled_at', 'category', ...times],
    at,
  };
  return view(db, mine, how, asked) as Promise<AppointmentView>;
}
