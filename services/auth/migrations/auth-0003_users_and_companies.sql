create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- Since when a company has its status: gateways ask for what changed lately.
alter table companies add column status_changed_at timestamptz(3) not null default now();
update companies set status_changed_at = created_at;
create index companies_status_changed_at on companies (status_changed_at);

-- Names, username, e-mail and phone as they are searched; made by one function in code, here once for those who are there.
alter table users add column searched text not null default '';
update users set searched = lower(concat_ws(E'\n', nullif(concat_ws(' ', first_name, last_name), ''), username, email,
  phone, ltrim(phone, '+')));
create index users_searched on users using gin (company_id, searched gin_trgm_ops);
create index users_created_at on users (created_at desc, id desc) include (company_id);
-- Who else is an active admin of a company.
create index users_role on users (company_id, role, is_active);

-- How many users there are by company (none: superusers), role and state, so that figures need not count them.
create table user_counts (
  company_id uuid references companies (id) on delete cascade,
  role text not null,
  is_active boolean not null,
  users integer not null,
  constraint user_counts_key unique nulls not distinct (company_id, role, is_active)
);
insert into user_counts select company_id, role, is_active, count(*) from users group by 1, 2, 3;

-- Always in the same order, so that two changes at once do not wait for each other's rows.
create function count_users() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  insert into user_counts (company_id, role, is_active, users)
  select * from (
    select old.company_id, old.role, old.is_active, -1 where tg_op <> 'INSERT'
    union all
    select new.company_id, new.role, new.is_active, 1 where tg_op <> 'DELETE'
  ) as changed (company_id, role, is_active, users)
  order by company_id, role, is_active
  on conflict on constraint user_counts_key do update set users = user_counts.users + excluded.users;
  return null;
end
$$;
create trigger users_counted after insert or delete on users for each row execute function count_users();
create trigger users_counted_again after update of company_id, role, is_active on users for each row
  when ((old.company_id, old.role, old.is_active) is distinct from (new.company_id, new.role, new.is_active))
  execute function count_users();

-- Sign-ins a day (UTC), so that figures need not count the trail; no company: superusers, and names that nobody has.
create table sign_in_counts (
  company_id uuid references companies (id) on delete cascade,
  day date not null,
  signed_in integer not null default 0,
  failed integer not null default 0,
  constraint sign_in_counts_key unique nulls not distinct (company_id, day)
);
create index sign_in_counts_day on sign_in_counts (day);

create table document_types (
  id uuid primary key,
  code text not null,
  name text not null,
  description text,
  country_code text,
  category text,
  active boolean not null default true,
  version bigint not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint document_types_code_taken unique (code)
);
insert into document_types (id, code, name, description, country_code, category) values
  ('01a1fbf9-31b2-7af4-960c-95e901cb7f4b', 'cedula', 'Cédula de ciudadanía', 'Identity document of Colombian citizens', 'CO', 'identity'),
  ('01a1fbf9-31b2-74ed-b6f9-299da34aff02', 'passport', 'Passport', 'Travel document of any country', null, 'identity'),
  ('01a1fbf9-31b2-76e9-aee2-f6f1a85a16ac', 'drivers_license', 'Driver’s license', 'Permission to drive, used as identification', null, 'identity'),
  ('01a1fbf9-31b2-7eee-9c36-5b10b0742e6f', 'nit', 'NIT', 'Número de Identificación Tributaria: tax number in Colombia', 'CO', 'tax'),
  ('01a1fbf9-31b2-7a43-94b7-0ff0a204a074', 'rut', 'RUT', 'Registro Único Tributario: tax number in Colombia and Chile', null, 'tax'),
  ('01a1fbf9-31b2-79b9-be94-7ee51820cb8e', 'tax_id', 'Tax ID', 'Tax number of any country', null, 'tax'),
  ('01a1fbf9-31b2-7eae-9fd7-1f2c100df588', 'cpf', 'CPF', 'Cadastro de Pessoas Físicas: tax number of people in Brazil', 'BR', 'tax'),
  ('01a1fbf9-31b2-749b-b246-515e4d697c2f', 'cnpj', 'CNPJ', 'Cadastro Nacional da Pessoa Jurídica: tax number of companies in Brazil', 'BR', 'tax');

comment on column companies.status_changed_at is 'technical';
comment on column users.searched is 'personal: names, username, e-mail and phone as they are searched';
comment on column user_counts.company_id is 'technical';
comment on column user_counts.role is 'business';
comment on column user_counts.is_active is 'business';
comment on column user_counts.users is 'business';
comment on column sign_in_counts.company_id is 'technical';
comment on column sign_in_counts.day is 'technical';
comment on column sign_in_counts.signed_in is 'business';
comment on column sign_in_counts.failed is 'business';
comment on column document_types.id is 'technical';
comment on column document_types.code is 'business';
comment on column document_types.name is 'business';
comment on column document_types.description is 'business';
comment on column document_types.country_code is 'business';
comment on column document_types.category is 'business';
comment on column document_types.active is 'business';
comment on column document_types.version is 'technical';
comment on column document_types.created_at is 'technical';
comment on column document_types.updated_at is 'technical';
