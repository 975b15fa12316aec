import { normalizeForSearch, deletionKeys } from '@clientela/db';
import pg from 'pg';
import { domains, firstNames, labels, lastNames } from './customers-names.ts';

/** Numbers of customers: of the large company, and of each of the other companies. */
export const amounts = { largest: 1_000_000, companies: 100, each: 1_000 };

const years = 8; // over which the customers were created

/** A pseudo-random number from 0 to 1 for each row and purpose, the same in every run. */
const chance = (purpose: number) => `((hashint8extended(n, ${purpose}) & 1048575)::float8 / 1048576)`;
/** Draws a place in a list; earlier places are more frequent. */
const skewed = (purpose: number, amount: number) => `(1 + floor(${amount} * ${chance(purpose)} ^ 2.2::float8))::int`;

const words = `
  create temp table bench_words (kind text, place int, name text, normal text, mail text, keys int[], mail_keys int[], primary key (kind, place))`;

function wordRows(): unknown[][] {
  const rows = (kind: string, names: readonly string[]) =>
    names.map((name, at) => {
      const normal = normalizeForSearch(name);
      const mail = normal.replaceAll(/[^\p{L}]/gu, '');
      return [kind, at + 1, name, normal, mail, keysOf(normal), keysOf(mail)];
    });
  return [
    ...rows('first', firstNames),
    ...rows('last', lastNames),
    ...rows('domain', domains),
    ...rows('label', labels),
  ];
}

/** Computes deletion keys like the service; the benchmark compares a sample of rows with those that the service writes. */
const keysOf = (text: string): number[] => {
  const joined = text.split(/\s+/).map((part) => part.replaceAll(/[^a-z]/g, ''));
  const found = new Set([...(text.match(/[a-z]+/g) ?? []), ...joined].filter((word) => word.length >= 3));
  return [...found].flatMap((word) => deletionKeys(word));
};

/** Draws every value deterministically. Older customers have more orders and are inactive more often. */
const people = `
  create temp table bench_people as
  select n, company_id, created_at, f.name as firstname,
    case when one_at = two_at then one.name else one.name || ' ' || two.name end as lastname,
    f.normal || ' ' || case when one_at = two_at then one.normal else one.normal || ' ' || two.normal end as normal,
    case when ${chance(1)} < 0.85 then f.mail || '.' || one.mail || case when company_id = $1 then n else n % ${amounts.each} end || '@' || d.name end as email,
    case when ${chance(2)} < 0.8 then '6' || lpad(((n * 7919::bigint) % 100000000)::text, 8, '0') end as mobile,
    case when ${chance(3)} < 0.6 then lpad(((n * 104729::bigint) % 10000000000)::text, 10, '0') end as document_number,
    f.keys || one.keys || case when one_at <> two_at then two.keys else '{}' end
      || case when ${chance(1)} < 0.85 then f.mail_keys || one.mail_keys || d.keys else '{}' end as keys,
    case when ${chance(4)} < 0.04 + 0.12 * age then 'inactive' when ${chance(4)} > 0.975 then 'suspended' else 'active' end as status,
    case when ${chance(5)} < 0.03 then 'vip' when ${chance(5)} < 0.15 then 'premium' else 'regular' end as type,
    case when ${chance(6)} < 0.02 then now() - interval '1 day' end as deleted_at,
    case when ${chance(7)} >= 0.4 then '{}' when tag_at = other_tag_at then array[tag.name]
      else array[least(tag.name, other_tag.name), greatest(tag.name, other_tag.name)] end as tags,
    case when ${chance(10)} < 0.35 then 0 else floor(-ln(1 - ${chance(11)}) * (1 + 10 * age))::int + 1 end as orders,
    ${chance(12)} as spent, ${chance(13)} as when_ordered
  from (
    select n, company_id, 1 - position as age, date_trunc('milliseconds', now() - (1 - position) * interval '${years} years') as created_at,
      ${skewed(20, firstNames.length)} as first_at, ${skewed(21, lastNames.length)} as one_at, ${skewed(22, lastNames.length)} as two_at,
      ${skewed(23, domains.length)} as domain_at, ${skewed(8, labels.length)} as tag_at, ${skewed(9, labels.length)} as other_tag_at
    from (
      select n, $1::uuid as company_id, n / $2::float8 as position from generate_series(1, $2::int) n
      union all
      select $2 + n, ($3::uuid[])[1 + n / $4], (n % $4) / $4::float8 from generate_series(0, $4::int * cardinality($3::uuid[]) - 1) n
    ) as numbered
    offset 0 -- a fence: each number is drawn once, not once per candidate name
  ) as drawn
  join bench_words f on f.kind = 'first' and f.place = first_at
  join bench_words one on one.kind = 'last' and one.place = one_at
  join bench_words two on two.kind = 'last' and two.place = two_at
  join bench_words d on d.kind = 'domain' and d.place = domain_at
  join bench_words tag on tag.kind = 'label' and tag.place = tag_at
  join bench_words other_tag on other_tag.kind = 'label' and other_tag.place = other_tag_at
  order by n`;

/** Repeats the words that only punctuation separates, with blanks. */
const apart = (text: string) => `btrim(regexp_replace(${text}, '[^a-z0-9]+', ' ', 'g'))`;
const line = (text: string) => `coalesce(' ' || ${text} || E' \\n', '')`;

const customers = `
  insert into customers (company_id, id, external_id, full_name, full_name_built, firstname, lastname, email, phone, phone_typed, document_type,
    document_number, status, type, preferences, deleted_at, search_text, deletion_keys, tags, created_at, updated_at)
  select company_id, uuidv7(created_at - clock_timestamp()), case when n % 2 = 0 then 'ERP-' || n end, firstname || ' ' || lastname, true, firstname, lastname,
    email, '+34' || mobile, '+34 ' || mobile, case when document_number is not null then 'cedula' end, document_number, status, type,
    '{"newsletter": false, "notifications": true, "language": "en"}', deleted_at,
    E'\\n' || ${line('normal')} || ${line('email')} || ${line(`'+34' || mobile`)} || ${line(`'34' || mobile`)} || ${line('mobile')}
      || ${line('document_number')} || case when normal ~ '[^a-z0-9 ]' then ${line(apart('normal'))} else '' end || ${line(apart('email'))},
    array(select distinct unnest(keys)), tags, created_at, created_at
  from bench_people order by n`;

const counters = `
  insert into customer_counters (company_id, customer_id, customer_created_at, total_orders, first_order_date, last_order_date, lifetime_value, total_complaints, open_complaints,
    currency, is_listed)
  select c.company_id, c.id, c.created_at, orders, case when orders > 0 then c.created_at end,
    case when orders > 0 then c.created_at + when_ordered * (now() - c.created_at) end, round((orders * (5 + 200 * spent ^ 3))::numeric, 2),
    case when spent > 0.9 then 2 else 0 end, case when spent > 0.97 then 1 else 0 end, 'EUR', c.is_active
  from bench_people p join customers c on c.company_id = p.company_id and c.created_at = p.created_at
    and c.full_name = p.firstname || ' ' || p.lastname and c.email is not distinct from p.email and c.phone is not distinct from '+34' || p.mobile`;

const tags = `
  insert into customer_tags (company_id, id, customer_id, label, priority, created_by, created_at, customer_created_at, is_listed)
  select company_id, uuidv7(created_at - clock_timestamp()), id, label, 0, 'bench', created_at, created_at, is_active from customers, unnest(tags) as label
  where not exists (select from customer_tags t where t.company_id = customers.company_id and t.customer_id = customers.id)`;

/**
 * Fills the customer database like a large installation, without history and events, which lists do not read.
 * @param largest the company that gets most customers
 * @param print receives a line for each step and its time
 * @param options.want how many that company gets
 * @param options.companies how many others get customers
 */
export async function loadCustomers(
  ownerUrl: string,
  largest: string,
  print: (line: string) => void,
  options = { want: amounts.largest, companies: amounts.companies },
): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  const step = async (name: string, sql: string, values: unknown[] = []) => {
    const startedAt = performance.now();
    await owner.query(sql, values);
    print(`  ${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  };
  try {
    await owner.query(`set maintenance_work_mem = '1GB'; set work_mem = '256MB'; set statement_timeout = 0`);
    await owner.query(words);
    for (const row of wordRows()) await owner.query('insert into bench_words values ($1, $2, $3, $4, $5, $6, $7)', row);
    const otherCompanies = Array.from({ length: options.companies }, () => crypto.randomUUID());
    await step('people', people, [largest, options.want, otherCompanies, amounts.each]);
    const indexes = options.want > maxIndexedRows ? await dropIndexes(owner) : [];
    await step('customers', customers);
    await step('counters', counters);
    await step('tags', tags);
    for (const { indexname, indexdef } of indexes) await step(indexname, indexdef);
    for (const table of tables) await step(`vacuum ${table}`, `vacuum analyze ${table}`);
  } finally {
    await owner.end();
  }
}

/** Up to this many rows are inserted with all indexes in place. */
const maxIndexedRows = 20_000;

const tables = ['customers', 'customer_counters', 'customer_tags', 'customer_counts'];

/** Drops all indexes but those of constraints: building them after the rows is faster. */
async function dropIndexes(owner: pg.Client): Promise<{ indexname: string; indexdef: string }[]> {
  const { rows } = await owner.query<{ indexname: string; indexdef: string }>(
    `select indexname, indexdef from pg_indexes where schemaname = 'public' and tablename = any($1)
      and not exists (select from pg_constraint where conindid = (quote_ident(schemaname) || '.' || quote_ident(indexname))::regclass)`,
    [tables],
  );
  for (const { indexname } of rows) await owner.query(`drop index ${indexname}`);
  return rows;
}
