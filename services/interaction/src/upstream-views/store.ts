import type { Db, Query } from '@clientela/db';
import { statuses as interactionStatuses } from '../interactions/rules.ts';
import { statuses as transactionStatuses } from '../transactions/rules.ts';
import { isCountedSql } from '../transactions/store.ts';
import type { AppointmentView, ComplaintView, OrderView } from './schema.ts';

/** The customer, and the limit and status of the listed records. */
export type ViewRequest = { company_id: string; customer_id: string; limit: number; status?: string | undefined };

type ViewDefinition = {
  /** The response field of the list. */
  name: string;
  statuses: readonly string[];
  /** Aggregates by response field. */
  summary: Record<string, ReturnType<Db['raw']>>;
  columns: readonly string[];
  /** SQL of the instant that orders the records, newest first. */
  orderedBy: string;
  /** SQL condition of the records that are counted by status and listed; default: all. */
  condition?: string;
};

type Row = Record<string, unknown>;
const pick = (row: Row, names: readonly string[]) => Object.fromEntries(names.map((name) => [name, row[name]]));

/** Reads summary and newest records of one snapshot in one statement, with a row for each listed record. */
async function view(
  db: Db,
  records: Query,
  { name, statuses, summary, columns, orderedBy, condition = 'true' }: ViewDefinition,
  { limit, status }: ViewRequest,
): Promise<unknown> {
  const byStatus = statuses.map((value) => [
    value,
    db.raw(`count(*) filter (where status = ? and ${condition})`, [value]),
  ]);
  const counted = records
    .clone()
    .select({ ...summary, ...Object.fromEntries(byStatus), as_of: db.raw('now()::timestamptz(3)') });
  const listed = records
    .clone()
    .select(columns as string[])
    .select({ position: db.raw(orderedBy) })
    .whereRaw(condition)
    .orderByRaw(`${orderedBy} desc, id desc`)
    .limit(limit);
  if (status) void listed.where({ status });
  const rows: Row[] = await db
    .with('counted', counted)
    .with('listed', listed)
    .from('counted')
    .joinRaw('left join listed on true')
    .orderByRaw('position desc, id desc');
  const [firstRow = {}] = rows;
  return {
    summary: pick(firstRow, Object.keys(summary)),
    status_breakdown: pick(firstRow, statuses),
    [name]: rows.filter(({ id }) => id !== null).map((row) => pick(row, columns)),
    as_of: firstRow['as_of'],
  };
}

const timeColumns = ['occurred_at', 'created_at', 'updated_at'];

/**
 * Views a customer's orders. Totals match the customer's counters: pending and completed orders, less refunds.
 * @param currency the company's; amounts in other currencies are not included
 */
export function viewOrders(db: Db, request: ViewRequest, currency: string): Promise<OrderView> {
  const { company_id, customer_id } = request;
  const records = db('transactions as t').where({ company_id, customer_id }).whereRaw(`kind in ('order', 'refund')`);
  const orders = `count(*) filter (where kind = 'order' and status <> 'cancelled')`;
  const ordersInCurrency = `count(*) filter (where kind = 'order' and status <> 'cancelled' and currency = ?)`;
  const value = `coalesce(sum(case kind when 'order' then amount else -amount end)
    filter (where currency = ? and ${isCountedSql('t')}), 0)`;
  const definition = {
    name: 'orders',
    statuses: transactionStatuses,
    summary: {
      total_orders: db.raw(orders),
      total_order_value: db.raw(`${value}::numeric(30, 2)`, [currency]),
      average_order_value: db.raw(`coalesce(${value} / nullif(${ordersInCurrency}, 0), 0)::numeric(30, 2)`, [
        currency,
        currency,
      ]),
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
      ...timeColumns,
    ],
    orderedBy: 'occurred_at',
    condition: `kind = 'order'`,
  };
  return view(db, records, definition, request) as Promise<OrderView>;
}

export async function viewComplaints(db: Db, request: ViewRequest): Promise<ComplaintView> {
  const { company_id, customer_id } = request;
  const records = db('interactions').where({ company_id, customer_id, type: 'complaint' });
  const definition = {
    name: 'complaints',
    statuses: interactionStatuses.complaint,
    summary: {
      total_complaints: db.raw('count(*)'),
      open_complaints: db.raw(`count(*) filter (where status in ('open', 'in_progress'))`),
      resolved_complaints: db.raw(`count(*) filter (where status in ('resolved', 'closed'))`),
      last_complaint_date: db.raw('max(occurred_at)'),
    },
    columns: ['id', 'status', 'priority', 'category', 'notes', 'resolved_at', ...timeColumns],
    orderedBy: 'occurred_at',
  };
  const found = (await view(db, records, definition, request)) as Omit<ComplaintView, 'complaints'> & {
    complaints: Omit<ComplaintView['complaints'][number], 'order_id'>[];
  };
  // Complaints here refer to no order; those of outside services may.
  return { ...found, complaints: found.complaints.map((complaint) => Object.assign(complaint, { order_id: null })) };
}

export function viewAppointments(db: Db, request: ViewRequest): Promise<AppointmentView> {
  const { company_id, customer_id } = request;
  const records = db('interactions').where({ company_id, customer_id, type: 'appointment' });
  const appointmentDate = 'coalesce(scheduled_at, occurred_at)';
  const definition = {
    name: 'appointments',
    statuses: interactionStatuses.appointment,
    summary: {
      total_appointments: db.raw('count(*)'),
      cancelled_appointments: db.raw(`count(*) filter (where status = 'cancelled')`),
      last_appointment_date: db.raw(`max(${appointmentDate})`),
    },
    columns: ['id', 'status', 'scheduled_at', 'category', ...timeColumns],
    orderedBy: appointmentDate,
  };
  return view(db, records, definition, request) as Promise<AppointmentView>;
}
