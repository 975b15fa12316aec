import pg from 'pg';

/** Numbers of rows. The first company has a tenth of the users, the others share the rest. */
export const amounts = { companies: 1000, users: 100_000 };

const first = [
  'Ana',
  'Bruno',
  'Carla',
  'David',
  'Elena',
  'Felipe',
  'Gloria',
  'Hugo',
  'Irene',
  'Jorge',
  'Karen',
  'Luis',
  'Marta',
];
const last = [
  'Alonso',
  'Becker',
  'Castro',
  'Dias',
  'Esteban',
  'Ferrer',
  'Gomez',
  'Herrera',
  'Ibarra',
  'Jimenez',
  'Kraus',
  'Lopez',
];
const rest = [
  'Mora',
  'Navarro',
  'Ortega',
  'Prieto',
  'Quintana',
  'Romero',
  'Santos',
  'Torres',
  'Ulloa',
  'Vargas',
  'Zamora',
];

const list = (names: readonly string[]) => `array[${names.map((name) => `'${name}'`).join(', ')}]`;
const pick = (names: readonly string[], by: string) => `(${list(names)})[1 + (${by}) % ${names.length}]`;

const companies = `
  insert into companies (id, number, company_id, company_key, name, country, currency, status, created_at)
  select gen_random_uuid(), n, 'COMP-' || n, 'COMP-' || n, 'Company ' || n, 'ES', 'EUR',
    case when n % 50 = 0 then 'inactive' when n % 70 = 0 then 'suspended' else 'active' end, now() - (n % 400) * interval '1 day'
  from generate_series(100001, 100000 + $1::int - (select count(*)::int from companies)) n`;

/** Rows as the service writes them, with their search text. Names combine two coprime cycles, so that they mix. */
const users = `
  with numbered as (select id, row_number() over (order by id = $1 desc, id) - 1 as position, count(*) over () as amount from companies),
  people as (
    select n, ${pick(first, 'n * 7')} as first_name, ${pick([...last, ...rest], 'n * 11')} || ' ' || ${pick([...rest, ...last], 'n / 13')} as last_name
    from generate_series(1, $2::int) n
  )
  insert into users (id, company_id, username, email, first_name, last_name, phone, role, is_active, password_hash, created_at, search_text)
  select gen_random_uuid(), c.id, 'user-' || n, 'user' || n || '@example.com', p.first_name, p.last_name, '+346' || lpad(n::text, 8, '0'),
    case when n % 100 < 90 then 'customer' when n % 100 < 95 then 'viewer' when n % 100 < 99 then 'manager' else 'admin' end,
    n % 20 <> 0, 'nobody signs in with this', now() - (n % 4000) * interval '2 hours',
    concat_ws(E'\\n', lower(p.first_name || ' ' || p.last_name), 'user-' || n, 'user' || n || '@example.com', '+346' || lpad(n::text, 8, '0'),
      '346' || lpad(n::text, 8, '0'), '6' || lpad(n::text, 8, '0'))
  from people p join numbered c on c.position = case when n % 10 = 0 then 0 else n % amount end`;

const signIns = `
  insert into sign_in_counts (company_id, day, signed_in, failed)
  select id, day::date, 40, 3 from companies cross join generate_series(current_date - 60, current_date - 1, interval '1 day') as d (day)`;

/**
 * Fills auth's database as a large installation would have filled it.
 * @param largest the company that gets a tenth of the users
 */
export async function loadIdentity(ownerUrl: string, largest: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await owner.query(companies, [amounts.companies]);
    await owner.query(users, [largest, amounts.users]);
    await owner.query(signIns);
    for (const table of ['companies', 'users', 'user_counts', 'sign_in_counts'])
      await owner.query(`vacuum analyze ${table}`);
  } finally {
    await owner.end();
  }
}
