import pg from 'pg';

export const referenceTable = 'bench.customers';

const words = (text: string): string[] => text.trim().split(/\s+/);

/** The fields of a customer's response. */
export const referenceColumns = words(`
  business_id id number user_id external_id full_name firstname lastname email phone gender birthday city_id document_type document_number
  address preferences metadata last_auth_at avatar_url status type tags is_active created_at updated_at version total_orders
  total_appointments total_complaints open_complaints last_order_date last_appointment_date last_complaint_date lifetime_value currency`);

const defaults = `
  alter table bench.customers
    alter id set default uuidv7(), alter status set default 'active', alter type set default 'regular', alter is_active set default true,
    alter preferences set default '{"newsletter": false, "notifications": true, "language": "en"}', alter metadata set default '{}',
    alter tags set default '{}', alter created_at set default now(), alter updated_at set default now(), alter version set default 1,
    alter total_orders set default 0, alter total_appointments set default 0, alter total_complaints set default 0,
    alter open_complaints set default 0, alter lifetime_value set default 0, alter currency set default 'EUR',
    alter number set default nextval('bench.customer_number')`;

/**
 * Copies the customers of a company into one plain table beside them, with the indexes that its own routes need. Values are stored as
 * the driver returns them to a client, so that the references convert nothing.
 */
export async function copyReferenceData(ownerUrl: string, appRole: string, company_id: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl, options: '-c statement_timeout=0' });
  await owner.connect();
  try {
    const columns = referenceColumns.map((column) => {
      if (column === 'business_id') return 'c.company_id as business_id';
      if (column === 'number' || column === 'version') return `c.${column}::int as ${column}`;
      if (column === 'birthday') return 'c.birthday::text as birthday';
      return column.startsWith('total_') || column === 'open_complaints' ? `n.${column}` : column;
    });
    await owner.query(`
      create schema bench;
      create table bench.customers as select ${columns.join(', ')} from customers c
        join customer_counters n on n.company_id = c.company_id and n.customer_id = c.id where false;
      create sequence bench.customer_number start 100000000`);
    await owner.query(
      `insert into bench.customers select ${columns.join(', ')} from customers c
        join customer_counters n on n.company_id = c.company_id and n.customer_id = c.id where c.company_id = $1`,
      [company_id],
    );
    await owner.query(defaults);
    await owner.query(`
      alter table bench.customers add primary key (business_id, id);
      create unique index on bench.customers (business_id, email);
      create index on bench.customers (business_id, created_at desc, id desc);
      grant usage on schema bench to ${appRole};
      grant select, insert, update, delete on bench.customers to ${appRole};
      grant usage on sequence bench.customer_number to ${appRole}`);
    await owner.query('vacuum analyze bench.customers');
  } finally {
    await owner.end();
  }
}
